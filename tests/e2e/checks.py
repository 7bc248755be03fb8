"""Checks of a program that a script drives: a line each, "ok" or "FAIL", a tab, its name, a tab, why it failed."""
import contextlib
import traceback


@contextlib.contextmanager
def check(name, then=None):
    """What is in the block holds, and then() after it."""
    try:
        yield
        if then:
            then()
        print(f"ok\t{name}\t", flush=True)
    except Exception as error:  # whatever it is, this check failed and the others go on
        where = traceback.extract_tb(error.__traceback__)[-1]
        print(f"FAIL\t{name}\t{type(error).__name__} at line {where.lineno}: {error}".replace("\n", " "), flush=True)


def equal(want, got):
    assert want == got, f"want {want!r}, got {got!r}"
