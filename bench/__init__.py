"""What the gateway costs, measured from outside: `python -m bench`. No timing is asserted anywhere."""
