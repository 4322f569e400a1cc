package datagen

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/bits"
	"time"

	"github.com/millstream/millstream/column"
)

// generator makes the values of one column or of a part of a nested one.
type generator struct {
	t        column.Type
	salt     uint64 // tells columns apart
	sequence bool
	start    int64   // of a sequence; the least of random integers
	rows     int64   // length of a sequence
	span     uint64  // random integers: the greatest less the least
	low      float64 // random numbers with a fraction
	high     float64
	length   int
	varies   bool // the length is random, from 1 to length
	past     time.Duration
	nulls    uint64 // a random word below this makes the value NULL
	children []*generator
}

// rows says which rows to generate: first, first+step, …, n in all.
type rows struct {
	seed  uint64
	first int64
	step  int64
	n     int
	now   time.Time
}

// The lengths of text, bytes and collections that have none of their own, as in Flink.
const (
	defaultText       = 100
	defaultBytes      = 20
	defaultCollection = 3
	maxLength         = 1 << 20
)

func newGenerator(t column.Type, name string, o *fieldOptions) (*generator, error) {
	g := &generator{t: t, salt: salt(name)}
	kind, _ := o.text(name, "kind")
	switch kind {
	case "", "random":
		return g, g.random(name, o)
	case "sequence":
		return g, g.sequenceOf(name, o)
	}
	return nil, bad(name, "kind", kind, "neither 'random' nor 'sequence'")
}

// salt is a number of a column's name.
func salt(name string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(name))
	return mix(h.Sum64())
}

// sequenceOf reads the options of a sequence.
func (g *generator) sequenceOf(name string, o *fieldOptions) error {
	g.sequence = true
	switch g.t.Kind {
	case column.TinyInt, column.SmallInt, column.Int, column.BigInt, column.Float, column.Double, column.Decimal, column.Char, column.VarChar:
	default:
		return fmt.Errorf("option 'fields.%s.kind': a column of type %s cannot be a sequence", name, g.t.Optional())
	}
	low, high := integerRange(g.t.Kind)
	for _, key := range []string{"start", "end"} {
		if _, ok := o.values[path(name, key)]; !ok {
			return fmt.Errorf("option 'fields.%s.%s' is missing: a sequence needs its start and its end", name, key)
		}
	}
	var err error
	if g.start, err = o.integer(name, "start", 0, low, high); err != nil {
		return err
	}
	end, err := o.integer(name, "end", 0, low, high)
	if err != nil {
		return err
	}
	if end < g.start {
		return fmt.Errorf("option 'fields.%s.end': the sequence ends at %d, before its start %d", name, end, g.start)
	}
	if g.rows = end - g.start + 1; g.rows <= 0 {
		g.rows = math.MaxInt64
	}
	if g.t.Kind == column.Decimal && !fitsDecimal(g.t, g.start, end) {
		return fmt.Errorf("option 'fields.%s.end': %s cannot hold the sequence from %d to %d", name, g.t.Optional(), g.start, end)
	}
	return nil
}

func fitsDecimal(t column.Type, list ...int64) bool {
	for _, n := range list {
		d, ok := column.Int128Of(n).Rescale(0, int(t.Scale))
		if !ok || !d.Fits(int(t.Precision)) {
			return false
		}
	}
	return true
}

func integerRange(k column.Kind) (low, high int64) {
	switch k {
	case column.TinyInt:
		return math.MinInt8, math.MaxInt8
	case column.SmallInt:
		return math.MinInt16, math.MaxInt16
	case column.Int, column.IntervalYearMonth:
		return math.MinInt32, math.MaxInt32
	}
	return math.MinInt64, math.MaxInt64
}

// random reads the options of random values.
func (g *generator) random(name string, o *fieldOptions) error {
	rate, err := o.float(name, "null-rate", 0)
	if err != nil {
		return err
	}
	if rate < 0 || rate > 1 {
		return fmt.Errorf("option 'fields.%s.null-rate' is not from 0 to 1", name)
	}
	if rate > 0 && g.t.NotNull {
		return fmt.Errorf("option 'fields.%s.null-rate': the column is NOT NULL", name)
	}
	if g.nulls = uint64(rate * (1 << 63)); rate == 1 {
		g.nulls = math.MaxUint64
	} else {
		g.nulls *= 2
	}
	switch g.t.Kind {
	case column.TinyInt, column.SmallInt, column.Int, column.BigInt, column.IntervalYearMonth, column.IntervalDayTime:
		return g.randomInteger(name, o)
	case column.Float, column.Double, column.Decimal:
		return g.randomNumber(name, o)
	case column.Char, column.VarChar, column.Binary, column.VarBinary:
		return g.randomText(name, o)
	case column.Timestamp, column.TimestampLTZ:
		g.past, err = o.duration(name, "max-past")
		return err
	case column.Array, column.Multiset, column.Map:
		n, err := o.integer(name, "length", defaultCollection, 0, maxLength)
		if err != nil {
			return err
		}
		g.length = int(n)
		parts := map[string]*column.Type{"element": g.t.Elem}
		order := []string{"element"}
		if g.t.Kind == column.Map {
			parts, order = map[string]*column.Type{"key": g.t.Key, "value": g.t.Elem}, []string{"key", "value"}
		}
		for _, part := range order {
			c, err := newGenerator(*parts[part], path(name, part), o)
			if err != nil {
				return err
			}
			g.children = append(g.children, c)
		}
		if g.t.Kind == column.Multiset {
			g.children = append(g.children, &generator{t: column.Of(column.Int).Required(), salt: salt(path(name, "count")), start: 1, span: 2})
		}
	case column.Row:
		for _, f := range g.t.Fields {
			c, err := newGenerator(f.Type, path(name, f.Name), o)
			if err != nil {
				return err
			}
			g.children = append(g.children, c)
		}
	case column.Boolean, column.Date, column.Time:
	default:
		return fmt.Errorf("values of column '%s' cannot be made up: the type %s is not among those that can", name, g.t.Optional())
	}
	for _, c := range g.children {
		if c.sequence {
			return fmt.Errorf("option 'fields.%s': a sequence cannot stand within another value", name)
		}
	}
	return nil
}

func (g *generator) randomInteger(name string, o *fieldOptions) error {
	low, high := integerRange(g.t.Kind)
	defLow, defHigh := low, high
	switch g.t.Kind {
	case column.IntervalYearMonth: // up to about 100 years, as four digits of years allow
		defLow, defHigh = 0, 1200
	case column.IntervalDayTime:
		defLow, defHigh = 0, 7*24*3600*1000
	}
	least, err := o.integer(name, "min", defLow, low, high)
	if err != nil {
		return err
	}
	most, err := o.integer(name, "max", max(least, defHigh), low, high)
	if err != nil {
		return err
	}
	if most < least {
		return fmt.Errorf("option 'fields.%s.max': %d is less than the least value %d", name, most, least)
	}
	g.start, g.span = least, uint64(most)-uint64(least)
	return nil
}

func (g *generator) randomNumber(name string, o *fieldOptions) (err error) {
	low, high := -math.MaxFloat32/2, math.MaxFloat32/2
	switch g.t.Kind {
	case column.Double:
		low, high = -math.MaxFloat64/2, math.MaxFloat64/2
	case column.Decimal:
		high = math.Pow10(int(g.t.Precision - g.t.Scale))
		low = -high
	}
	limit := high
	if g.low, err = o.float(name, "min", low); err != nil {
		return err
	}
	if g.high, err = o.float(name, "max", max(g.low, high)); err != nil {
		return err
	}
	switch {
	case g.high < g.low:
		return fmt.Errorf("option 'fields.%s.max': %v is less than the least value %v", name, g.high, g.low)
	case g.t.Kind == column.Decimal && (g.high > limit || g.low < -limit):
		return fmt.Errorf("option 'fields.%s.max': %s has %d digits before the point", name, g.t.Optional(), g.t.Precision-g.t.Scale)
	}
	return nil
}

func (g *generator) randomText(name string, o *fieldOptions) error {
	def, most := int64(defaultText), int64(maxLength)
	if g.t.IsBinary() {
		def = defaultBytes
	}
	fixed := g.t.Kind == column.Char || g.t.Kind == column.Binary
	if g.t.Precision < maxLength {
		most = int64(g.t.Precision)
		def = min(def, most)
	}
	if fixed {
		def = most
	}
	n, err := o.integer(name, "length", def, 1, most)
	if err != nil {
		return err
	}
	if fixed && n != most {
		return fmt.Errorf("option 'fields.%s.length': a value of type %s has %d, not %d", name, g.t.Optional(), most, n)
	}
	g.length = int(n)
	if g.varies, err = o.boolean(name, "var-len"); err != nil {
		return err
	}
	if g.varies && fixed {
		return fmt.Errorf("option 'fields.%s.var-len': the length of %s does not vary", name, g.t.Optional())
	}
	return nil
}

// word is a random number for a row: the same for the same seed, column and row. kth numbers of a row are told apart by k.
func (g *generator) word(seed uint64, row int64, k uint64) uint64 {
	return mix(seed ^ g.salt + uint64(row)*0x9E3779B97F4A7C15 + k*0xD1B54A32D192ED03)
}

// mix is the finishing of SplitMix64.
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xBF58476D1CE4E5B9
	x ^= x >> 27
	x *= 0x94D049BB133111EB
	return x ^ x>>31
}

// upTo scales a random word to 0 … span.
func upTo(word, span uint64) uint64 {
	if span == math.MaxUint64 {
		return word
	}
	hi, _ := bits.Mul64(word, span+1)
	return hi
}

// unit scales a random word to [0, 1).
func unit(word uint64) float64 { return float64(word>>11) / (1 << 53) }
