"""Images: found, pulled, or made of the declared packages, once for equal recipes. No backend is run here.

- `recipe.py` turns an `InstalledImage` into what is run to install it, and its tag: a digest of all that matters.
- `builds.py` has what is under way: equal recipes are built once, and whoever waits is told how far it is.

An installation runs in a container of its own, behind the same filter as servers, with the image's root writable, and
is committed. Its log is bounded, and its tail is what a failure tells. Credentials of indexes are in no layer and no
label.
What is known of an image stands in its labels, so that nothing has to be remembered here.
"""
