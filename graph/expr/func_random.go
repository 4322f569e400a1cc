package expr

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/millstream/millstream/column"
)

func init() {
	double := always(column.Of(column.Double))
	register(
		volatile(textFunction("RAND", "A random DOUBLE from 0 up to 1; with a seed the sequence is always the same, that of Java's Random.", "RAND() < 1 => TRUE",
			takes(double, isInt).optional(1), func(c *Call) Kernel {
				if len(c.Args) == 0 {
					return fixedOf(c, func(*rowArgs) (float64, bool) { return rand.Float64(), true })
				}
				s := seeds{constant: isConstant(c.Args[0])}
				return fixedOf(c, func(a *rowArgs) (float64, bool) { return s.of(a.int(0)).double(), true })
			})),
		volatile(&Function{Name: "RAND_INTEGER", Doc: "A random INT from 0 up to the last argument; with a seed before it the sequence is always the same, that of Java's Random.",
			Example: "RAND_INTEGER(1) => 0", strict: true, Resolve: takes(always(integer), isInt, isInt).optional(1).resolve("RAND_INTEGER"), Compile: compileRandInteger}),
	)
}

var errBound = errors.New("RAND_INTEGER takes a bound of 1 or more")

func compileRandInteger(c *Call) (Kernel, error) {
	last := len(c.Args) - 1
	s := seeds{constant: isConstant(c.Args[0])}
	var failed error
	return failing(fixedOf(c, func(a *rowArgs) (int32, bool) {
		bound := a.int(last)
		if bound <= 0 {
			failed = fmt.Errorf("%w, not %d", errBound, bound)
			return 0, true
		}
		if last == 0 {
			return rand.Int32N(int32(bound)), true
		}
		return s.of(a.int(0)).below(int32(bound)), true
	}), &failed), nil
}

// isConstant reports whether an argument is a literal, perhaps one that is repeated for every row.
func isConstant(e Expr) bool {
	_, repeats := e.(*repeated)
	return repeats || isLiteral(e)
}

// seeds are the generators of a call: one for all rows if the seed is a constant, else one for each row.
type seeds struct {
	constant bool
	begun    bool
	generator
}

func (s *seeds) of(seed int) *generator {
	if !s.constant || !s.begun {
		s.begun = true
		s.state = (uint64(int64(seed)) ^ multiplier) & mask
	}
	return &s.generator
}

// generator is the linear congruential generator that Java's Random is specified to be.
type generator struct{ state uint64 }

const (
	multiplier = 0x5deece66d
	mask       = 1<<48 - 1
)

func (g *generator) next(bits int) int32 {
	g.state = (g.state*multiplier + 0xb) & mask
	return int32(int64(g.state<<16) >> (64 - bits))
}

func (g *generator) double() float64 {
	high := int64(uint32(g.next(26)) & (1<<26 - 1))
	low := int64(uint32(g.next(27)) & (1<<27 - 1))
	return float64(high<<27+low) / (1 << 53)
}

// below returns a number from 0 up to bound.
func (g *generator) below(bound int32) int32 {
	r := int32(uint32(g.next(31)) & (1<<31 - 1))
	if bound&(bound-1) == 0 {
		return int32(int64(bound) * int64(r) >> 31)
	}
	for u := r; ; u = int32(uint32(g.next(31)) & (1<<31 - 1)) {
		if r = u % bound; u-r+(bound-1) >= 0 { // else too near to the end to be fair
			return r
		}
	}
}
