"""The program: command line, configuration, composition of all parts."""
