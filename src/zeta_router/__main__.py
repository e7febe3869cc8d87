"""`python -m zeta_router` is `zeta`."""

from zeta_router.app.cli import main

if __name__ == "__main__":
    main()
