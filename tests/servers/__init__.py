"""Small servers of our own, for what no published server does."""
