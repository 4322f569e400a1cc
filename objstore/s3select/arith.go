package s3select

import (
	"errors"
	"math"
	"math/bits"
)

// number computes a number for an operator or an aggregate: a field of CSV is read as one.
func (e *evaluator) number(n *node) (value, error) {
	v, err := e.eval(n)
	switch {
	case err != nil || v.isAbsent() || v.isNumber():
		return v, err
	case v.kind == kindRaw:
		if x, ok := parseNumber(v.text); ok {
			return x, nil
		}
		return v, e.fail(n, "CastFailed", "%s is no number", describe(&v))
	}
	return v, e.fail(n, "IncorrectSqlFunctionArgumentType", "a number was expected and %s stands", describe(&v))
}

// arithmetic computes with two numbers. Results of whole numbers that do not fit into 64 bits are floats.
func arithmetic(o op, a, b *value) (value, *Error) {
	whole := a.kind == kindInt && b.kind == kindInt
	if (o == opDivide || o == opModulo) && b.asFloat() == 0 {
		return value{}, fail("EvaluatorInvalidArguments", "a division by zero")
	}
	if whole {
		if x, ok := wholeArithmetic(o, a.i, b.i); ok {
			return intValue(x), nil
		}
	}
	x, y := a.asFloat(), b.asFloat()
	switch o {
	case opAdd:
		x += y
	case opSubtract:
		x -= y
	case opMultiply:
		x *= y
	case opDivide:
		x /= y
	default:
		x = math.Mod(x, y)
	}
	return floatValue(x), nil
}

// wholeArithmetic reports false where the result does not fit.
func wholeArithmetic(o op, a, b int64) (int64, bool) {
	switch o {
	case opAdd:
		c := a + b
		return c, (a^c)&(b^c) >= 0
	case opSubtract:
		c := a - b
		return c, (a^b)&(a^c) >= 0
	case opMultiply:
		high, low := bits.Mul64(magnitude(a), magnitude(b))
		if high != 0 || low > math.MaxInt64 {
			return 0, false
		}
		return a * b, true
	case opDivide:
		return a / b, a != math.MinInt64 || b != -1
	}
	if b == -1 {
		return 0, true
	}
	return a % b, true
}

func magnitude(a int64) uint64 {
	if a < 0 {
		return -uint64(a)
	}
	return uint64(a)
}

func negate(v value) (value, error) {
	switch v.kind {
	case kindInt:
		if v.i == math.MinInt64 {
			return floatValue(-float64(v.i)), nil
		}
		return intValue(-v.i), nil
	case kindFloat:
		return floatValue(-v.f), nil
	}
	return v, errors.New("only a number can be negated")
}
