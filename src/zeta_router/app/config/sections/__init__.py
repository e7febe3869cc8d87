"""The sections of `zeta.yaml`, each in the file that has its name."""
