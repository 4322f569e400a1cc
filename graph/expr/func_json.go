package expr

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/jsontext"
)

func init() {
	for _, test := range []struct {
		what string
		doc  string
		is   func(k jsontext.Kind) bool
		like string
	}{
		{"JSON", "a JSON value", func(jsontext.Kind) bool { return true }, "5"},
		{"JSON OBJECT", "a JSON object", func(k jsontext.Kind) bool { return k == jsontext.Object }, `{"a": 1}`},
		{"JSON ARRAY", "a JSON array", func(k jsontext.Kind) bool { return k == jsontext.Array }, "[1]"},
		{"JSON SCALAR", "a JSON number, text, boolean or null", jsontext.Kind.IsScalar, "5"},
	} {
		register(isJSON("IS "+test.what, "Whether a text is "+test.doc+"; NULL is not.", test.like, false, test.is),
			isJSON("IS NOT "+test.what, "Whether a text is not "+test.doc+"; NULL is not.", test.like, true, test.is))
	}
	register(
		textFunction("JSON_QUOTE", "A text as a JSON text in quotes, in which all but printable ASCII is escaped.", `JSON_QUOTE('a"b') => "a\"b"`,
			takes(always(column.Str()), isText), func(c *Call) Kernel {
				return textOf(c, func(a *rowArgs, dst []byte) ([]byte, bool) { return appendJSONQuote(dst, a.text(0)), true })
			}),
		textFunction("JSON_UNQUOTE", "What a JSON text in quotes stands for; any other text stays as it is.", `JSON_UNQUOTE('"a\"b"') => a"b`,
			takes(always(column.Str()), isText), func(c *Call) Kernel {
				return textOf(c, func(a *rowArgs, dst []byte) ([]byte, bool) { return appendJSONUnquote(dst, a.text(0)), true })
			}),
		&Function{Name: "JSON_STRING", strict: true, Doc: "A value as JSON; fields and keys by name. NULL stays NULL.", Example: "JSON_STRING(ARRAY[1, 2]) => [1,2]",
			Resolve: resolveJSONString, Compile: compileJSONString},
		&Function{Name: "JSON", Doc: "A JSON text that JSON_OBJECT and JSON_ARRAY take in as it is, instead of as a text in quotes. It stands nowhere else.",
			Example: `JSON_ARRAY(JSON('{"a": 1}')) => [{"a":1}]`, Resolve: takes(always(column.Str()), isText).resolve("JSON"), Compile: compileJSON},
		&Function{Name: "JSON_OBJECT", Doc: "The JSON object of keys, which must not be NULL, and values. Of equal keys the last one counts; members stand by name.",
			Example: "JSON_OBJECT('b' VALUE 1, 'a' VALUE CAST(NULL AS INT) ABSENT ON NULL) => {\"b\":1}",
			Resolve: func(args []Expr) ([]Expr, column.Type, error) {
				return jsonConstructor{object: true}.resolve("JSON_OBJECT", args)
			},
			Compile: func(c *Call) (Kernel, error) { return newJSONConstructor(c, true).kernel, nil }, print: printJSONConstructor},
		&Function{Name: "JSON_ARRAY", Doc: "The JSON array of the values.", Example: "JSON_ARRAY(1, 'x', CAST(NULL AS INT) NULL ON NULL) => [1,\"x\",null]",
			Resolve: func(args []Expr) ([]Expr, column.Type, error) {
				return jsonConstructor{}.resolve("JSON_ARRAY", args)
			},
			Compile: func(c *Call) (Kernel, error) { return newJSONConstructor(c, false).kernel, nil }, print: printJSONConstructor},
	)
}

func isJSON(name, doc, like string, not bool, is func(k jsontext.Kind) bool) *Function {
	s := takes(func([]Expr) column.Type { return boolean.Required() }, isText)
	result := "TRUE"
	if not {
		result = "FALSE"
	}
	return &Function{Name: name, Doc: doc, Example: fmt.Sprintf("'%s' %s => %s", like, name, result), Resolve: s.resolve(name),
		print: func(c *Call) string { return c.Args[0].String() + " " + name },
		Compile: func(c *Call) (Kernel, error) {
			a, doc := newRowArgs(c), &jsontext.Doc{}
			return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
				return a.each(args, n, sel, out, true, func(r int) error {
					ok := !a.null(0) && doc.Parse(a.text(0)) == nil && is(doc.Nodes[0].Kind)
					out.Bits().Put(r, ok != not)
					return nil
				})
			}, nil
		}}
}

// appendJSONQuote escapes slashes too.
func appendJSONQuote(dst, text []byte) []byte {
	from := len(dst)
	dst = jsontext.AppendQuotedASCII(dst, text)
	slashes := bytes.Count(text, []byte{'/'})
	if slashes == 0 {
		return dst
	}
	quoted := bytes.ReplaceAll(dst[from:], []byte{'/'}, []byte(`\/`))
	return append(dst[:from], quoted...)
}

// appendJSONUnquote gives the text back if it is no JSON text in quotes.
func appendJSONUnquote(dst, text []byte) []byte {
	if len(text) < 2 || text[0] != '"' || text[len(text)-1] != '"' {
		return append(dst, text...)
	}
	from := len(dst)
	dst, ok := jsontext.AppendUnescaped(dst, text[1:len(text)-1])
	if !ok {
		dst = append(dst[:from], text...)
	}
	return dst
}

func resolveJSONString(args []Expr) ([]Expr, column.Type, error) {
	if len(args) != 1 {
		return nil, column.Type{}, fmt.Errorf("JSON_STRING takes one argument, not %d", len(args))
	}
	if IsNull(args[0]) && args[0].Type().Kind == column.Null {
		args = []Expr{NullOf(column.Str())}
	}
	return args, nullable(column.Str(), args), canBeJSON(args[0].Type())
}

func compileJSONString(c *Call) (Kernel, error) {
	a, w := newRowArgs(c), &jsonWriter{}
	return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
		out.Resize(n)
		views := column.Values[column.View](out)[:n]
		clear(views)
		return a.each(args, n, sel, out, false, func(r int) error {
			text, err := w.append(out.Tail(), a.vecs[0], a.at(0))
			views[r] = out.HoldTail(text)
			return err
		})
	}, nil
}

// compileJSON writes a JSON text in normal form.
func compileJSON(c *Call) (Kernel, error) {
	a, doc, p := newRowArgs(c), &jsontext.Doc{}, &jsontext.Printer{}
	return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
		out.Resize(n)
		views := column.Values[column.View](out)[:n]
		clear(views)
		return a.each(args, n, sel, out, false, func(r int) error {
			if err := doc.Parse(a.text(0)); err != nil {
				return err
			}
			views[r] = out.HoldTail(p.Append(out.Tail(), doc, 0))
			return nil
		})
	}, nil
}

// NewJSONObject types a call of JSON_OBJECT with keys and values in turn. nulls is NULL or ABSENT; "" stands for NULL.
func NewJSONObject(args []Expr, nulls string) (Expr, error) {
	return newJSON("JSON_OBJECT", args, nulls, "NULL", 1)
}

// NewJSONArray types a call of JSON_ARRAY. nulls is NULL or ABSENT; "" stands for ABSENT.
func NewJSONArray(args []Expr, nulls string) (Expr, error) {
	return newJSON("JSON_ARRAY", args, nulls, "ABSENT", 0)
}

// newJSON calls a constructor. Its first argument says what happens to NULLs and which of the others, from first on, are JSON already:
// folding would make them texts like any other.
func newJSON(name string, args []Expr, nulls, standard string, first int) (Expr, error) {
	if nulls == "" {
		nulls = standard
	}
	for i, a := range args {
		if c, ok := a.(*Call); ok && (first == 0 || i%2 == first) && (c.Func.Name == "JSON" || c.Func.Name == "JSON_OBJECT" || c.Func.Name == "JSON_ARRAY") {
			nulls += " " + strconv.Itoa(i)
		}
	}
	return NewCall(name, append([]Expr{Text(nulls)}, args...)...)
}

func printJSONConstructor(c *Call) string {
	text, _ := constText(c.Args[0])
	nulls, _, _ := strings.Cut(text, " ")
	var b strings.Builder
	b.WriteString(c.Func.Name + "(")
	for i, a := range c.Args[1:] {
		switch {
		case c.Func.Name == "JSON_OBJECT" && i%2 == 1:
			b.WriteString(" VALUE ")
		case i > 0:
			b.WriteString(", ")
		}
		b.WriteString(a.String())
	}
	if len(c.Args) > 1 {
		b.WriteString(" ")
	}
	b.WriteString(nulls + " ON NULL)")
	return b.String()
}

// jsonConstructor computes JSON_OBJECT and JSON_ARRAY.
type jsonConstructor struct {
	object bool
	absent bool
	raw    []bool // arguments that are JSON
	args   *rowArgs
	w      jsonWriter
	order  []int32 // arguments that are values, for objects by key
}

func (jsonConstructor) isNulls(e Expr) bool {
	s, ok := constText(e)
	return ok && (strings.HasPrefix(s, "NULL") || strings.HasPrefix(s, "ABSENT"))
}

func (j jsonConstructor) resolve(name string, args []Expr) ([]Expr, column.Type, error) {
	t := column.Str().Required()
	if len(args) == 0 || !j.isNulls(args[0]) {
		return nil, t, fmt.Errorf("%s is written with KEY, VALUE and ON NULL in the SQL, and made by NewJSONObject or NewJSONArray in Go", name)
	}
	if j.object && len(args)%2 == 0 {
		return nil, t, fmt.Errorf("JSON_OBJECT takes keys and values in turn, and there is a key without value")
	}
	typed := append([]Expr{}, args...)
	for i, a := range args[1:] {
		switch u := a.Type(); {
		case j.object && i%2 == 0 && !u.IsText():
			return nil, t, fmt.Errorf("the keys of JSON_OBJECT must be texts, not %s", u.Optional())
		case j.object && i%2 == 0 && !u.NotNull:
			return nil, t, fmt.Errorf("the keys of JSON_OBJECT must not be NULL, and %s may be; write COALESCE(%s, '')", a, a)
		case u.Kind == column.Null:
			return nil, t, fmt.Errorf("%s cannot tell the type of NULL; write CAST(NULL AS STRING)", name)
		default:
			if err := canBeJSON(u); err != nil {
				return nil, t, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return typed, t, nil
}

func newJSONConstructor(c *Call, object bool) *jsonConstructor {
	j := &jsonConstructor{object: object, args: newRowArgs(c), raw: make([]bool, len(c.Args))}
	text, _ := constText(c.Args[0])
	words := strings.Fields(text)
	j.absent = words[0] == "ABSENT"
	for _, w := range words[1:] {
		if i, err := strconv.Atoi(w); err == nil && i+1 < len(j.raw) {
			j.raw[i+1] = true
		}
	}
	return j
}

func (j *jsonConstructor) kernel(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
	out.Resize(n)
	views := column.Values[column.View](out)[:n]
	clear(views)
	return j.args.each(args, n, sel, out, true, func(r int) error {
		text, err := j.append(out.Tail())
		views[r] = out.HoldTail(text)
		return err
	})
}

// append writes the object or array of the row.
func (j *jsonConstructor) append(dst []byte) ([]byte, error) {
	a := j.args
	j.order = j.order[:0]
	first, step := 1, 1
	if j.object {
		first, step = 2, 2
	}
	for i := first; i < len(a.vecs); i += step {
		if j.absent && a.null(i) {
			continue
		}
		at := len(j.order)
		j.order = append(j.order, int32(i))
		for ; j.object && at > 0 && bytes.Compare(a.text(int(j.order[at-1])-1), a.text(i-1)) > 0; at-- {
			j.order[at] = j.order[at-1]
			j.order[at-1] = int32(i)
		}
	}
	open, end := byte('['), byte(']')
	if j.object {
		open, end = '{', '}'
	}
	dst = append(dst, open)
	some := false
	for k, i := range j.order {
		if j.object {
			if key := a.text(int(i) - 1); k+1 < len(j.order) && bytes.Equal(key, a.text(int(j.order[k+1])-1)) {
				continue // a later one of the same name counts
			}
		}
		if some {
			dst = append(dst, ',')
		}
		some = true
		if j.object {
			dst = append(jsontext.AppendQuoted(dst, a.text(int(i)-1)), ':')
		}
		if j.raw[i] && !a.null(int(i)) {
			dst = append(dst, a.text(int(i))...)
			continue
		}
		var err error
		if dst, err = j.w.append(dst, a.vecs[i], a.at(int(i))); err != nil {
			return dst, err
		}
	}
	return append(dst, end), nil
}
