package expr

import (
	"slices"
	"strings"

	"github.com/millstream/millstream/column"
)

// sample is a type by which is found out what a function takes.
type sample struct {
	word string
	t    column.Type
}

// samples stand in the order in which they are tried.
var samples = []sample{
	{"text", column.Str()}, {"INT", column.Of(column.Int)}, {"DOUBLE", column.Of(column.Double)}, {"BIGINT", column.Of(column.BigInt)},
	{"TINYINT", column.Of(column.TinyInt)}, {"DECIMAL", column.DecimalOf(10, 2)}, {"BOOLEAN", column.Of(column.Boolean)}, {"binary", column.Bytes()},
	{"TIMESTAMP", column.Sized(column.Timestamp, 3)}, {"TIMESTAMP_LTZ", column.Sized(column.TimestampLTZ, 3)}, {"DATE", column.Of(column.Date)},
	{"TIME", column.Of(column.Time)}, {"interval", column.Type{Kind: column.IntervalDayTime, Unit: column.Second, Scale: 3}},
	{"ARRAY<INT>", column.ArrayOf(column.Of(column.Int))}, {"ARRAY<STRING>", column.ArrayOf(column.Str())},
	{"MAP", column.MapOf(column.Str(), column.Of(column.Int))}, {"ROW", column.RowOf(column.Field{Name: "f", Type: column.Of(column.Int)})},
	{"VARIANT", column.Of(column.Variant)}, {"BITMAP", column.Of(column.Bitset)},
}

// classes are words for several samples, the widest first.
var classes = []struct {
	word    string
	members []string
}{
	{"number", []string{"INT", "DOUBLE", "BIGINT", "TINYINT", "DECIMAL"}}, {"integer", []string{"INT", "BIGINT", "TINYINT"}}, {"INT", []string{"INT", "TINYINT"}},
	{"date or time", []string{"TIMESTAMP", "TIMESTAMP_LTZ", "DATE", "TIME"}}, {"date", []string{"TIMESTAMP", "TIMESTAMP_LTZ", "DATE"}},
	{"timestamp", []string{"TIMESTAMP", "TIMESTAMP_LTZ"}}, {"array", []string{"ARRAY<INT>", "ARRAY<STRING>"}},
}

// attempt types a call with arguments of the given types.
type attempt func(args []column.Type) (result column.Type, ok bool)

// Signature says in words how the function is called and what it gives: "ARRAY_SLICE(array, INT [, INT]) → as argument 1". It is found out
// by asking Resolve.
func (f *Function) Signature() string {
	if form, ok := forms[f.Name]; ok {
		return form
	}
	return signatureOf(f.Name, func(args []column.Type) (column.Type, bool) {
		_, t, err := f.Resolve(columnsOf(args))
		return t, err == nil
	})
}

// Signature is [Function.Signature] for an aggregate function.
func (f *AggregateFunction) Signature() string {
	if form, ok := forms[f.Name]; ok {
		return form
	}
	return signatureOf(f.Name, func(args []column.Type) (column.Type, bool) {
		_, t, err := f.Resolve(args)
		return t, err == nil
	})
}

func columnsOf(types []column.Type) []Expr {
	list := make([]Expr, len(types))
	for i, t := range types {
		list[i] = &Column{Index: i, Name: string(rune('a' + i)), T: t}
	}
	return list
}

// mostArguments is up to how many arguments are tried.
const mostArguments = 4

func signatureOf(name string, try attempt) string {
	args, ok := []column.Type{}, false
	for n := 0; n <= mostArguments-1 && !ok; n++ {
		args, ok = firstCall(nil, n, try)
	}
	if !ok {
		return name + "(…)"
	}
	required := len(args)
	for len(args) < mostArguments {
		next, ok := firstCall(args, 1, try)
		if !ok {
			break
		}
		args = next
	}
	repeated := false
	if n := len(args); n == mostArguments {
		last := args[n-1]
		_, repeated = try(append(slices.Clone(args), last, last, last, last))
	}
	words := make([]string, len(args))
	for i := range args {
		words[i] = takesWords(args, i, try)
	}
	if repeated {
		for len(words) > max(1, required) && len(words) > 1 && words[len(words)-1] == words[len(words)-2] {
			words = words[:len(words)-1]
		}
	}
	var b strings.Builder
	b.WriteString(name + "(")
	for i, w := range words {
		if i >= required {
			if i > 0 {
				b.WriteByte(' ')
			}
			b.WriteByte('[')
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(w)
	}
	if repeated {
		b.WriteString(", …")
	}
	b.WriteString(strings.Repeat("]", max(0, len(words)-required)) + ") → " + givesWords(args, try))
	return b.String()
}

// firstCall finds n more arguments with which a call is right.
func firstCall(args []column.Type, n int, try attempt) ([]column.Type, bool) {
	if n == 0 {
		_, ok := try(args)
		return args, ok
	}
	for _, s := range samples {
		if list, ok := firstCall(append(slices.Clone(args), s.t), n-1, try); ok {
			return list, true
		}
	}
	return nil, false
}

// takesWords says which types argument i may have while the others stay.
func takesWords(args []column.Type, i int, try attempt) string {
	var taken []string
	list := slices.Clone(args)
	for _, s := range samples {
		if list[i] = s.t; ok(try(list)) {
			taken = append(taken, s.word)
		}
	}
	return wordsFor(taken)
}

func ok(_ column.Type, ok bool) bool { return ok }

func wordsFor(taken []string) string {
	if len(taken) >= len(samples)-1 {
		return "any"
	}
	var words []string
	for _, c := range classes {
		has := func(m string) bool { return slices.Contains(taken, m) }
		if all := !slices.ContainsFunc(c.members, func(m string) bool { return !has(m) }); all {
			words = append(words, c.word)
			taken = slices.DeleteFunc(taken, func(m string) bool { return slices.Contains(c.members, m) })
		}
	}
	words = append(words, taken...)
	if len(words) > 3 {
		words = append(words[:3:3], "…")
	}
	return strings.Join(words, " or ")
}

// givesWords says what the result is: a type, or that of an argument.
func givesWords(args []column.Type, try attempt) string {
	t, _ := try(args)
	for i := range args {
		list, same, differs := slices.Clone(args), true, false
		for _, s := range samples {
			if list[i] = s.t; ok(try(list)) {
				u, _ := try(list)
				same = same && u.Optional().SameAs(s.t)
				differs = differs || !u.Optional().SameAs(t.Optional())
			}
		}
		switch {
		case differs && same && len(args) == 1:
			return "the same"
		case differs && same:
			return "as argument " + string(rune('1'+i))
		case differs:
			return "by the arguments"
		}
	}
	return t.Optional().String()
}
