"""What the tests of pages share: they read pages, complete what these show, and have a place to run it in."""
