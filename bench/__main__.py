"""`python -m bench`: every measurement of the README, one table after the other."""

from bench.walk import main

main()
