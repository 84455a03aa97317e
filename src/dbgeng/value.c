/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value.c - conversion of typed values; see value.h.
 *
 * Everything goes through one of two forms: the bits of an integer or vector, or a long double,
 * which holds every integer of 64 bits on the processors that have more than a double's precision.
 */
#include "dbgeng/value.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* A real number as the bytes of a DEBUG_VALUE. */
struct layout {
	unsigned fraction; /* bits */
	unsigned exponent; /* bits */
	bool leading;      /* the fraction's first bit is the 1 that others leave out */
};

static const struct layout layout_80 = { 64, 15, true };
static const struct layout layout_82 = { 64, 17, true };
static const struct layout layout_128 = { 112, 15, false };

/* A value on its way from one type to another. */
struct number {
	bool is_real;
	long double real;
	ULONG64 bits[2]; /* of an integer or vector */
};

typedef unsigned __int128 wide_bits;

static wide_bits ones(unsigned bits)
{
	return ((wide_bits)1 << bits) - 1;
}

/* A number of which 64 bits are kept, which is all of it but for FLOAT128. */
static long double decode(const struct layout *layout, wide_bits raw)
{
	wide_bits fraction = raw & ones(layout->fraction);
	int largest = (int)ones(layout->exponent);
	int exponent = (int)(raw >> layout->fraction) & largest;
	bool negative = raw >> (layout->fraction + layout->exponent) & 1;
	unsigned places = layout->leading ? layout->fraction - 1 : layout->fraction;
	long double value;

	if (exponent == largest) {
		value = fraction & ones(places) ? NAN : INFINITY;
	} else {
		if (exponent && !layout->leading)
			fraction |= (wide_bits)1 << places;
		value = ldexpl((long double)fraction,
			       (exponent ? exponent : 1) - largest / 2 - (int)places);
	}
	return negative ? -value : value;
}

/* The exponent and fraction of a finite number above 0, whose first bit stands for 2^power. */
static wide_bits encode_finite(const struct layout *layout, long double value)
{
	unsigned places = layout->leading ? layout->fraction - 1 : layout->fraction;
	int bias = (int)ones(layout->exponent) / 2;
	int power, exponent;
	wide_bits fraction;

	frexpl(value, &power);
	exponent = power - 1 + bias;
	if (exponent < 1)
		exponent = 1; /* subnormal: the first bit is not there */
	fraction = (wide_bits)ldexpl(value, (int)places - (exponent - bias));
	if (!(fraction >> places))
		exponent = 0;
	if (!layout->leading)
		fraction &= ones(places);
	return (wide_bits)(unsigned)exponent << layout->fraction | fraction;
}

static wide_bits encode(const struct layout *layout, long double value)
{
	unsigned places = layout->leading ? layout->fraction - 1 : layout->fraction;
	wide_bits raw = 0;

	if (isnan(value) || isinf(value)) {
		raw = ones(layout->exponent) << layout->fraction;
		if (layout->leading)
			raw |= (wide_bits)1 << places;
		if (isnan(value))
			raw |= (wide_bits)1 << (places - 1);
	} else if (value != 0) {
		raw = encode_finite(layout, fabsl(value));
	}
	if (signbit(value))
		raw |= (wide_bits)1 << (layout->fraction + layout->exponent);
	return raw;
}

static const struct layout *layout_of(ULONG type)
{
	return type == DEBUG_VALUE_FLOAT80   ? &layout_80
	       : type == DEBUG_VALUE_FLOAT82 ? &layout_82
					     : &layout_128;
}

/* The bytes of a long real number as @type has them, lowest first. */
static unsigned real_size(ULONG type)
{
	return type == DEBUG_VALUE_FLOAT80 ? 10 : type == DEBUG_VALUE_FLOAT82 ? 11 : 16;
}

static wide_bits fetch_bytes(const UCHAR *bytes, unsigned size)
{
	wide_bits raw = 0;

	while (size-- > 0)
		raw = raw << 8 | bytes[size];
	return raw;
}

static void store_bytes(UCHAR *bytes, unsigned size, wide_bits raw)
{
	for (unsigned i = 0; i < size; i++, raw >>= 8)
		bytes[i] = (UCHAR)raw;
}

static bool fetch(const DEBUG_VALUE *value, struct number *number)
{
	*number = (struct number){ 0 };
	switch (value->Type) {
	case DEBUG_VALUE_INT8: number->bits[0] = value->I8; return true;
	case DEBUG_VALUE_INT16: number->bits[0] = value->I16; return true;
	case DEBUG_VALUE_INT32: number->bits[0] = value->I32; return true;
	case DEBUG_VALUE_INT64:
	case DEBUG_VALUE_VECTOR64: number->bits[0] = value->I64; return true;
	case DEBUG_VALUE_VECTOR128: memcpy(number->bits, value->VI64, 16); return true;
	case DEBUG_VALUE_FLOAT32: number->real = value->F32; break;
	case DEBUG_VALUE_FLOAT64: number->real = value->F64; break;
	case DEBUG_VALUE_FLOAT80:
	case DEBUG_VALUE_FLOAT82:
	case DEBUG_VALUE_FLOAT128:
		number->real = decode(layout_of(value->Type),
				      fetch_bytes(value->RawBytes, real_size(value->Type)));
		break;
	default: return false;
	}
	number->is_real = true;
	return true;
}

static ULONG64 to_integer(const struct number *number)
{
	const long double limit = 18446744073709551616.0L; /* 2^64 */

	if (!number->is_real)
		return number->bits[0];
	if (isnan(number->real))
		return 0;
	if (number->real < 0)
		return number->real <= -limit / 2 ? (ULONG64)INT64_MIN
						  : (ULONG64)(LONG64)number->real;
	return number->real >= limit ? UINT64_MAX : (ULONG64)number->real;
}

static long double to_real(const struct number *number)
{
	return number->is_real ? number->real : (long double)number->bits[0];
}

static void store(const struct number *number, ULONG type, DEBUG_VALUE *out)
{
	switch (type) {
	case DEBUG_VALUE_INT8: out->I8 = (UCHAR)to_integer(number); break;
	case DEBUG_VALUE_INT16: out->I16 = (USHORT)to_integer(number); break;
	case DEBUG_VALUE_INT32: out->I32 = (ULONG)to_integer(number); break;
	case DEBUG_VALUE_INT64:
	case DEBUG_VALUE_VECTOR64: out->I64 = to_integer(number); break;
	case DEBUG_VALUE_VECTOR128:
		out->VI64[0] = to_integer(number);
		out->VI64[1] = number->bits[1];
		break;
	case DEBUG_VALUE_FLOAT32: out->F32 = (float)to_real(number); break;
	case DEBUG_VALUE_FLOAT64: out->F64 = (double)to_real(number); break;
	default:
		store_bytes(out->RawBytes, real_size(type),
			    encode(layout_of(type), to_real(number)));
		break;
	}
}

HRESULT tmi_dbgeng_coerce(const DEBUG_VALUE *in, ULONG out_type, DEBUG_VALUE *out)
{
	DEBUG_VALUE same = *in;
	struct number number;

	if (out_type == DEBUG_VALUE_INVALID || out_type >= DEBUG_VALUE_TYPES)
		return E_INVALIDARG;
	if (!fetch(&same, &number))
		return E_FAIL;
	if (in->Type == out_type) {
		*out = same; /* every bit of it, also of what a long double does not hold */
		return S_OK;
	}
	memset(out, 0, sizeof(*out));
	store(&number, out_type, out);
	out->Type = out_type;
	return S_OK;
}
