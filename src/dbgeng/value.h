/* SPDX-License-Identifier: Apache-2.0 */
/* value.h - conversion of typed values. */
#ifndef TMI_DBGENG_VALUE_H
#define TMI_DBGENG_VALUE_H

#include <dbgeng.h>

/*
 * tmi_dbgeng_coerce() - a value as another type.
 * @out: filled whole on success; may be @in.
 *
 * Integers are unsigned: a larger type gets zeros in front, a smaller one the low bits. Of a real
 * number an integer gets what is before the point (a negative one as two's complement), the
 * nearest there is when it is out of range, 0 for no number. A vector is its lowest 64 bits to
 * other types, and gets zeros above what it is given.
 * Returns S_OK; E_INVALIDARG @out_type is none; E_FAIL @in has no value.
 */
HRESULT tmi_dbgeng_coerce(const DEBUG_VALUE *in, ULONG out_type, DEBUG_VALUE *out);

#endif
