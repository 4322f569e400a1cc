package bind

import (
	"slices"
	"strings"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/sql/plan"
	"github.com/millstream/millstream/sql/syntax"
)

// changelogFunctions turn texts into kinds of rows, and kinds into texts.
var changelogFunctions = []string{"FROM_CHANGELOG", "TO_CHANGELOG"}

var changelogParameters = []string{"INPUT", "OP", "OP_MAPPING"}

// kindNames are what op_mapping calls the kinds of rows, by kind.
var kindNames = [4]string{column.Insert: "INSERT", column.UpdateBefore: "UPDATE_BEFORE", column.UpdateAfter: "UPDATE_AFTER", column.Delete: "DELETE"}

// changelogFunction binds FROM_CHANGELOG(input => TABLE t, op => DESCRIPTOR(c), op_mapping => MAP[…]) and TO_CHANGELOG.
func (b *binding) changelogFunction(n *syntax.TableFunc, e *env) (*named, error) {
	name := functionLabel(n.Call)
	args := map[string]syntax.Expr{}
	for i, a := range n.Call.Args {
		key := ""
		if named, ok := a.(*syntax.NamedArg); ok {
			key, a = upper(named.Name.Name), named.Value
			if !slices.Contains(changelogParameters, key) {
				return nil, fail(&named.Name, hint(strings.ToLower(key), []string{"input", "op", "op_mapping"}, "they are"), "%s has no parameter %s", name, named.Name.Name)
			}
		} else if i < len(changelogParameters) {
			key = changelogParameters[i]
		} else {
			return nil, syntax.Errorf(a, "%s takes no more than %d arguments", name, len(changelogParameters))
		}
		if args[key] != nil {
			return nil, syntax.Errorf(a, "the argument %s of %s is given twice", strings.ToLower(key), name)
		}
		args[key] = a
	}
	if args["INPUT"] == nil {
		return nil, fail(n.Call, "write "+name+"(input => TABLE t)", "%s needs the argument input", name)
	}
	data, ok := args["INPUT"].(*syntax.TableArg)
	if !ok {
		return nil, fail(args["INPUT"], "write TABLE and a name, or TABLE (query)", "%s takes a table as input", name)
	}
	if len(data.PartitionBy) > 0 || len(data.OrderBy) > 0 {
		return nil, fail(data, "leave PARTITION BY and ORDER BY out", "%s takes its input row by row", name)
	}
	in, _, err := b.tableArgument(data, e)
	if err != nil {
		return nil, err
	}
	code := syntax.Ident{Span: n.Call.Span, Name: "op"}
	if args["OP"] != nil {
		d, ok := args["OP"].(*syntax.Descriptor)
		if !ok || len(d.Columns) != 1 || len(d.Columns[0].Parts) != 1 {
			return nil, fail(args["OP"], "write DESCRIPTOR(column)", "%s takes op as the descriptor of one column", name)
		}
		code = d.Columns[0].Parts[0]
	}
	mapping, err := b.kindMapping(args["OP_MAPPING"], name == "FROM_CHANGELOG")
	if err != nil {
		return nil, err
	}
	if name == "TO_CHANGELOG" {
		return b.toChangelog(in, code, mapping)
	}
	return b.fromChangelog(in, code, mapping)
}

// tableArgument binds the table that a table function takes.
func (b *binding) tableArgument(data *syntax.TableArg, e *env) (*rel, []string, error) {
	if data.Query != nil {
		in, err := b.query(data.Query, e)
		if err != nil {
			return nil, nil, err
		}
		return unsorted(in), nil, nil
	}
	t, err := b.wholeTable(&syntax.Span{From: data.From, To: data.Name.To}, *data.Name, e, "(%s)")
	if err != nil {
		return nil, nil, err
	}
	return t.rel, t.path, nil
}

// kindMapping reads op_mapping, pairs of texts: of a code (several with commas between, if lists says so) and the name of a kind, or the
// other way round. Without one codes are the names.
func (b *binding) kindMapping(n syntax.Expr, fromCodes bool) (map[string]column.RowKind, error) {
	out := map[string]column.RowKind{}
	if n == nil {
		for k, name := range kindNames {
			out[name] = column.RowKind(k)
		}
		return out, nil
	}
	const advice = "write MAP['c, r', 'INSERT', 'u', 'UPDATE_AFTER', 'd', 'DELETE'], say"
	m, ok := n.(*syntax.Collection)
	if !ok || m.Kind != syntax.Map || m.Query != nil {
		return nil, fail(n, advice, "op_mapping must be a MAP of constant texts")
	}
	for i := 0; i+1 < len(m.Items); i += 2 {
		key, ok1 := m.Items[i].(*syntax.Literal)
		value, ok2 := m.Items[i+1].(*syntax.Literal)
		if !ok1 || !ok2 || key.Kind != syntax.StringLiteral || value.Kind != syntax.StringLiteral {
			return nil, fail(m.Items[i], advice, "op_mapping must be a MAP of constant texts")
		}
		codes, kinds := key, value
		if !fromCodes {
			codes, kinds = value, key
		}
		split := func(l *syntax.Literal, many bool) []string {
			if !many {
				return []string{l.Text}
			}
			parts := strings.Split(l.Text, ",")
			for i := range parts {
				parts[i] = strings.TrimSpace(parts[i])
			}
			return parts
		}
		for _, kind := range split(kinds, !fromCodes) {
			k := slices.Index(kindNames[:], kind)
			if k < 0 {
				return nil, fail(kinds, hint(kind, kindNames[:], "kinds are"), "there is no kind of row '%s'", kind)
			}
			for _, code := range split(codes, fromCodes) {
				if fromCodes {
					if _, twice := out[code]; twice {
						return nil, syntax.Errorf(codes, "the code '%s' is mapped twice", code)
					}
					out[code] = column.RowKind(k)
				} else {
					out[kind+"\x00"+code] = column.RowKind(k)
				}
			}
		}
	}
	return out, nil
}

func (b *binding) fromChangelog(in *rel, code syntax.Ident, mapping map[string]column.RowKind) (*named, error) {
	fields := in.fields()
	at := slices.IndexFunc(fields, func(f column.Field) bool { return f.Name == code.Name })
	if at < 0 {
		return nil, fail(&code, hint(code.Name, fieldNames(fields), "columns are")+"; op => DESCRIPTOR(column) names another", "FROM_CHANGELOG needs the column '%s', which the input does not have", code.Name)
	}
	if !fields[at].Type.IsText() {
		return nil, syntax.Errorf(&code, "FROM_CHANGELOG needs '%s' to be a text, and it is %s", code.Name, fields[at].Type.Optional())
	}
	out := &plan.FromChangelog{Input: in.node, Fields: slices.Delete(slices.Clone(fields), at, at+1)}
	out.Column, out.Kinds = at, mapping
	return &named{rel: newRel(out)}, nil
}

func (b *binding) toChangelog(in *rel, code syntax.Ident, mapping map[string]column.RowKind) (*named, error) {
	out := &plan.ToChangelog{Input: in.node}
	for key, k := range mapping {
		text := key
		if _, after, ok := strings.Cut(key, "\x00"); ok {
			text = after
		}
		out.Codes[k] = &text
	}
	out.Fields = append([]column.Field{{Name: code.Name, Type: column.Str().Required()}}, in.fields()...)
	for i, name := range uniquify(fieldNames(out.Fields)) {
		out.Fields[i].Name = name
	}
	return &named{rel: newRel(out)}, nil
}
