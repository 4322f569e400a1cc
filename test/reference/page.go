package main

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/sql/bind"
	"github.com/millstream/millstream/sql/session"
)

const head = `# Reference

Made from the code's own declarations by ` + "`go run ./test/reference`" + `: change those, not this page.

[Settings](#settings) · [Environment variables](#environment-variables) · [Connectors](#connectors) · [Formats](#formats) ·
[Catalogs](#catalogs) · [Functions](#functions) · [Operators](#operators) · [Aggregate functions](#aggregate-functions)
`

// page returns the reference page.
func page() string {
	var b strings.Builder
	b.WriteString(head)
	settings(&b)
	connectors(&b)
	formats(&b)
	catalogs(&b)
	functions(&b)
	return b.String()
}

func settings(b *strings.Builder) {
	b.WriteString("\n## Settings\n\nIn a configuration file, as `-D key=value`, by `SET 'key' = 'value'` in SQL, or as variables: " +
		"`s3.endpoint` is `" + setting.EnvName("s3.endpoint") + "`.\n" +
		"Some are checked and have no effect yet: the [changelog](CHANGELOG.md) names them.\n\n")
	var known []*setting.Option
	var reasons []string // why a setting has no effect, in order of the first key
	ignored := map[string][]string{}
	for o := range setting.Engine.Options() {
		if !o.Ignored {
			known = append(known, o)
			continue
		}
		if ignored[o.Doc] == nil {
			reasons = append(reasons, o.Doc)
		}
		key := o.Key
		if o.Prefix {
			key += "*"
		}
		ignored[o.Doc] = append(ignored[o.Doc], code(key))
	}
	options(b, known, "")
	b.WriteString("\nAccepted, so that a whole Flink configuration loads, and without effect:\n\n")
	for _, reason := range reasons {
		fmt.Fprintf(b, "- %s %s\n", prose(reason), strings.Join(ignored[reason], " "))
	}
	b.WriteString("\n## Environment variables\n\n| variable | |\n|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(setting.Variables)) {
		row(b, code(name), prose(setting.Variables[name]))
	}
}

func connectors(b *strings.Builder) {
	b.WriteString("\n## Connectors\n\nBesides the options of its connector and its format, a table that is read may have:\n")
	options(b, bind.TableOptions(), "\n")
	for _, name := range connector.Names() {
		s, _ := connector.Lookup(name)
		fmt.Fprintf(b, "\n### %s\n\n%s\n\n", name, prose(s.Doc))
		var uses []string
		if s.NewSource != nil {
			uses = append(uses, "source")
		}
		switch {
		case s.NewSink != nil && s.Updates:
			uses = append(uses, "sink of inserts, updates and deletes")
		case s.NewSink != nil:
			uses = append(uses, "sink of inserts")
		}
		fmt.Fprintf(b, "- Use: %s.\n- Guarantee: %s\n", strings.Join(uses, ", "), prose(s.Guarantee))
		if s.Formats {
			fmt.Fprintf(b, "- Formats: %s, with their options as `FORMAT.option`.\n", strings.Join(links(format.Names()), ", "))
		}
		fmt.Fprintf(b, "\n```sql\n%s;\n```\n", s.Example)
		options(b, s.Options, "\n")
		if len(s.Metadata) > 0 {
			b.WriteString("\n| metadata column | type | |\n|---|---|---|\n")
			for _, m := range s.Metadata {
				row(b, code(m.Key), code(m.Field.Type.String()), prose(m.Field.Comment))
			}
		}
	}
}

func formats(b *strings.Builder) {
	b.WriteString("\n## Formats\n")
	for _, name := range format.Names() {
		s, _ := format.Lookup(name)
		fmt.Fprintf(b, "\n### %s\n\n%s\n", name, prose(s.Doc))
		named := make([]*setting.Option, len(s.Options))
		for i, o := range s.Options {
			copied := *o
			copied.Key = name + "." + o.Key
			copied.Aliases = make([]string, len(o.Aliases))
			for j, alias := range o.Aliases {
				copied.Aliases[j] = name + "." + alias
			}
			named[i] = &copied
		}
		options(b, named, "\n")
	}
}

func catalogs(b *strings.Builder) {
	b.WriteString("\n## Catalogs\n")
	for _, t := range session.CatalogTypes() {
		fmt.Fprintf(b, "\n### %s\n\n%s\n\n```sql\n%s;\n```\n", t.Name, prose(t.Doc), t.Example)
		options(b, t.Options, "\n")
	}
}

func functions(b *strings.Builder) {
	tables := [2]strings.Builder{} // functions, operators
	for f := range expr.Functions() {
		kind, name := 0, code(f.Signature())
		switch {
		case f.Infix != "":
			kind, name = 1, code(f.Infix)
		case strings.HasPrefix(f.Name, "IS "): // IS NULL
			kind, name = 1, code(f.Name)
		}
		for _, alias := range f.Aliases {
			name += " " + code(alias)
		}
		row(&tables[kind], name, prose(f.Doc), example(f.Example))
	}
	fmt.Fprintf(b, "\n## Functions\n\n| function | | example |\n|---|---|---|\n%s", tables[0].String())
	fmt.Fprintf(b, "\n## Operators\n\n| operator | | example |\n|---|---|---|\n%s", tables[1].String())
	b.WriteString("\n## Aggregate functions\n\nIn the examples x is 1, 2 and 3, and s is 'a', 'b' and NULL.\n\n| function | | example |\n|---|---|---|\n")
	for f := range expr.Aggregates() {
		row(b, code(f.Signature()), prose(f.Doc), example(f.Example))
	}
}

// options writes a table of options behind before; nothing if there are none.
func options(b *strings.Builder, list []*setting.Option, before string) {
	if len(list) == 0 {
		return
	}
	b.WriteString(before + "| key | type | default | |\n|---|---|---|---|\n")
	for _, o := range list {
		kind := o.Type.String()
		if o.Type == setting.Enum {
			kind = strings.Join(codes(o.Values), " ")
		}
		standard := cmp.Or(o.DefaultDoc, code(o.Default))
		if o.Required {
			standard = "required"
		}
		doc := prose(o.Doc)
		if o.Secret {
			doc += " Masked wherever it is shown."
		}
		if len(o.Aliases) > 0 {
			doc += " Also " + strings.Join(codes(o.Aliases), ", ") + "."
		}
		key := o.Key
		if o.Prefix {
			key += "*"
		}
		row(b, code(key), kind, standard, doc)
	}
}

func row(b *strings.Builder, cells ...string) {
	b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}

// example shows "expression => result".
func example(text string) string {
	expression, result, found := strings.Cut(text, " => ")
	if !found {
		return code(text)
	}
	return code(expression) + " → " + code(result)
}

func codes(texts []string) []string {
	all := make([]string, len(texts))
	for i, text := range texts {
		all[i] = code(text)
	}
	return all
}

func links(names []string) []string {
	all := make([]string, len(names))
	for i, name := range names {
		all[i] = "[" + name + "](#" + name + ")"
	}
	return all
}

var visible = strings.NewReplacer("|", `\|`, "\n", `\n`, "\r", `\r`, "\t", `\t`)

// code is text as a span of code in a cell of a table; "" is nothing.
func code(text string) string {
	if text == "" {
		return ""
	}
	if strings.Contains(text, "`") {
		return "`` " + visible.Replace(text) + " ``"
	}
	return "`" + visible.Replace(text) + "`"
}

var (
	plain      = strings.NewReplacer("|", `\|`, "*", `\*`, "<", `\<`, "[", `\[`, "\n", " ")
	emphasized = regexp.MustCompile(`(^|\W)_`) // inside a word an underscore is itself
)

// prose is text with what Markdown would take for its own escaped.
func prose(text string) string { return emphasized.ReplaceAllString(plain.Replace(text), `${1}\_`) }
