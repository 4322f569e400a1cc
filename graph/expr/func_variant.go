package expr

import (
	"errors"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/jsontext"
)

func init() {
	variant := column.Of(column.Variant)
	register(
		&Function{Name: "PARSE_JSON", strict: true,
			Doc:     "The VARIANT of a JSON text. A text that is none fails, and so do two members of one name unless the second argument is TRUE: then the last one counts.",
			Example: `JSON_STRING(PARSE_JSON('{"b": 1, "a": [2.50, null]}')) => {"a":[2.5,null],"b":1}`,
			Resolve: takes(always(variant), isText, isFlag).optional(1).resolve("PARSE_JSON"), Compile: compileParseJSON(false)},
		&Function{Name: "TRY_PARSE_JSON", strict: true, Doc: "PARSE_JSON that gives NULL where that fails.",
			Example: "TRY_PARSE_JSON('{bad') IS NULL => TRUE",
			Resolve: takes(maybeNull(variant), isText, isFlag).optional(1).resolve("TRY_PARSE_JSON"), Compile: compileParseJSON(true)},
	)
}

func compileParseJSON(try bool) func(c *Call) (Kernel, error) {
	return func(c *Call) (Kernel, error) {
		a, doc, b := newRowArgs(c), &jsontext.Doc{}, &column.VariantBuilder{}
		return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
			out.Resize(n)
			views := column.Values[column.View](out)[:n]
			clear(views)
			return a.each(args, n, sel, out, false, func(r int) error {
				allow := len(args) > 1 && args[1].Bits().Get(a.at(1))
				err := doc.Parse(a.text(0))
				var text []byte
				if err == nil {
					text, err = b.Append(out.Tail(), doc, allow)
				}
				switch {
				case err == nil:
					views[r] = out.HoldTail(text)
				case !try:
					return err
				default:
					out.SetNull(r)
				}
				return nil
			})
		}, nil
	}
}

var (
	errNoObject = errors.New("a member can only be taken from an object, and the VARIANT is none")
	errNoArray  = errors.New("an element can only be taken by its position from an array, and the VARIANT is none")
)

// compileVariantItem takes the element of an array at a position from 1 on, or the member of an object.
func compileVariantItem(c *Call) Kernel {
	byName := c.Args[1].Type().IsText()
	a := newRowArgs(c)
	return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
		out.Resize(n)
		views := column.Values[column.View](out)[:n]
		clear(views)
		return a.each(args, n, sel, out, false, func(r int) error {
			v, ok := column.VariantOf(a.text(0)), false
			switch {
			case byName && !v.IsObject():
				return errNoObject
			case byName:
				v, ok = v.Member(a.text(1))
			case !v.IsArray():
				return errNoArray
			default:
				v, ok = v.Element(a.int(1) - 1)
			}
			if ok {
				views[r] = out.HoldTail(v.AppendTo(out.Tail()))
			} else {
				out.SetNull(r)
			}
			return nil
		})
	}
}
