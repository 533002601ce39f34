"""How compiled code calls a `@kernel` that it was not compiled with: through a row of a table, u64[2].

A row holds the function's address and a mark of its types. A loop that is handed such rows is compiled once, whatever
they name. numba's own function values pass all arguments twice, look for the address in Python whenever the loop is
called, and keep numba from looking at the types of other arguments quickly.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

__all__ = ["Invoke", "intrinsic_call", "invoke", "invoke_counting", "mark_of"]


class Invoke:
    """Calls a function that `Kernel.value` gave, from compiled code: ``invoke(row, *arguments)``.

    Parameters
    ----------
    returns
        ``none`` or ``int64``.
    """

    def __init__(self, returns: str) -> None:
        self.returns = returns

    def __call__(self, row: Any, *arguments: Any) -> Any:
        """Call the plain function, where nothing is compiled."""
        return row[0](*arguments)


invoke, invoke_counting = Invoke("none"), Invoke("int64")


def mark_of(returned: object, arguments: Iterable[object]) -> int:
    """Return a number that tells the types of a function from other types."""
    words = f"{getattr(returned, 'literal_type', returned)}{tuple(arguments)}".encode()
    return int.from_bytes(hashlib.blake2b(words, digest_size=8).digest(), "little")


def intrinsic_call(returns: str) -> Any:
    """Teach numba a call through a row, which raises `TypeError` where its types are others than the caller's."""
    # numba's own functions have no types.
    from llvmlite import ir
    from numba import types as numba_types
    from numba.core import cgutils as numba_helpers
    from numba.extending import intrinsic

    types: Any = numba_types
    helpers: Any = numba_helpers
    returned = getattr(types, returns)

    @intrinsic
    def call(context: Any, row: Any, *arguments: Any) -> Any:
        given = arguments[0].types if len(arguments) == 1 else arguments
        wanted = tuple(types.unliteral(one) for one in given)

        def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            held = context.make_array(signature.args[0])(context, builder, values[0])
            numbers = builder.bitcast(held.data, ir.IntType(64).as_pointer())
            address, mark = (
                builder.load(builder.gep(numbers, [ir.Constant(ir.IntType(64), k)])) for k in range(2)
            )
            other = builder.icmp_unsigned("!=", mark, ir.Constant(mark.type, mark_of(returned, wanted)))
            with helpers.if_unlikely(builder, other):
                told = ("a kernel is called with other types than it was compiled for",)
                context.call_conv.return_user_exc(builder, TypeError, told)
            each = zip(helpers.unpack_tuple(builder, values[1]), signature.args[1].types, wanted, strict=True)
            passed = [context.cast(builder, value, is_of, to) for value, is_of, to in each]
            function = context.call_conv.get_function_type(returned, wanted)
            callee = builder.inttoptr(address, function.as_pointer())
            status, result = context.call_conv.call_function(builder, callee, returned, wanted, passed)
            with helpers.if_unlikely(builder, status.is_error):
                context.call_conv.return_status_propagate(builder, status)
            return context.get_dummy_value() if returned is types.none else result

        return returned(row, types.StarArgTuple(given)), build

    return call
