"""Images: found, pulled, or made of the declared packages, once for equal recipes. No backend is run here.

- `images.py` has the images of one engine; `shared_work.py` has what is under way, for all who wait for the same.
- `making/` is how one is made; `given.py` pulls those that are run as they are, and finds what runs the shim there.
- `ready.py` is an image that is there, and its labels; `engine.py` is what is asked of an engine for all this.
- `building.py` has many made ahead of time, `cleaning.py` removes what nobody needs.

An installation runs in a container of its own, behind the same filter as servers, with the image's root writable, and
is committed. Its log is bounded, and its tail is what a failure tells. Credentials of indexes are in no layer and no
label. What is known of an image stands in its labels, so that nothing has to be remembered here.
"""
