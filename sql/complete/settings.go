package complete

import (
	"slices"
	"strings"

	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/setting"
)

// texts returns what may stand in the text in single quotes that is being typed: a setting, an option, or a value of one.
func (p *place) texts() []Item {
	var items []Item
	switch {
	case len(p.before) > 0 && p.is(p.before[0], "SET", "RESET"):
		items = p.settings()
	default:
		items = p.options()
	}
	if p.pos == len(p.text) || p.text[p.pos] != '\'' {
		for i := range items {
			if !strings.HasSuffix(items[i].Name, ".") {
				items[i].Text += "'"
			}
		}
	}
	return items
}

// settings returns keys, or behind = the values of a key, of SET and RESET. The key may be without quotes.
func (p *place) settings() []Item {
	for i, t := range p.before {
		if p.is(t, "=") && i > 0 {
			o, _, ok := setting.Engine.Lookup(strings.Trim(p.word(p.before[i-1]), "'"))
			if !ok || i+1 < len(p.before) {
				return nil
			}
			items := values(o)
			if !p.inText {
				for i := range items {
					items[i].Text = "'" + items[i].Text + "'"
				}
			}
			return items
		}
	}
	if !p.inText { // without quotes the lexer takes it for words and dots
		rest := p.text[p.before[0].To:p.pos]
		p.from = p.pos - len(strings.TrimLeft(rest, " \t\r\n"))
		p.wordFrom = p.from
	} else if len(p.before) > 1 {
		return nil
	}
	var items []Item
	for o := range setting.Engine.Options() {
		if o.Ignored {
			continue
		}
		it := Item{Text: o.Key, Name: o.Key, Kind: Setting, Note: o.Doc}
		if !p.inText {
			it.Text = "'" + o.Key + "'"
		}
		items = append(items, it)
	}
	return items
}

// values returns the values that an option may have, if they can be listed.
func values(o *setting.Option) []Item {
	var items []Item
	add := func(v string) {
		note := ""
		if strings.EqualFold(v, o.Default) {
			note = "default"
		}
		items = append(items, Item{Text: v, Name: v, Kind: Value, Note: note})
	}
	switch {
	case o.Type == setting.Enum:
		for _, v := range o.Values {
			add(v)
		}
	case o.Type == setting.Bool:
		add("true")
		add("false")
	case o.Default != "" && !o.Secret:
		add(o.Default)
	}
	return items
}

// options returns keys or values of WITH (…) and of the hint OPTIONS(…).
func (p *place) options() []Item {
	open := p.unclosed(p.before, p.pos)
	if len(open) == 0 {
		return nil
	}
	i := open[len(open)-1]
	if i == 0 || !p.is(p.before[i-1], "WITH", "OPTIONS") {
		return nil
	}
	given := map[string]string{}
	for j := i + 1; j+2 < len(p.tokens); j++ {
		if p.is(p.tokens[j+1], "=") {
			given[strings.Trim(p.word(p.tokens[j]), "'")] = strings.Trim(p.word(p.tokens[j+2]), "'")
		}
	}
	key := ""
	if p.lastIs(1, "=") {
		t, _ := p.last(2)
		key = strings.Trim(p.word(t), "'")
	}
	switch key {
	case "connector":
		return named(connector.Names(), func(name string) string {
			spec, _ := connector.Lookup(name)
			return spec.Doc
		})
	case "format":
		return named(format.Names(), func(name string) string {
			spec, _ := format.Lookup(name)
			return spec.Doc
		})
	}
	options := connectorOptions(given)
	if key != "" {
		for _, o := range options {
			if o.Key == key {
				return values(o)
			}
		}
		return nil
	}
	var items []Item
	for _, o := range options {
		if _, there := given[o.Key]; !there {
			items = append(items, Item{Text: o.Key, Name: o.Key, Kind: Setting, Note: o.Doc})
		}
	}
	return items
}

// connectorOptions lists the options of the connector and format that a table's other options name.
func connectorOptions(given map[string]string) []*setting.Option {
	kind := &setting.Option{Key: "connector", Doc: "Where the table's rows are: " + strings.Join(connector.Names(), ", ") + "."}
	spec, ok := connector.Lookup(given["connector"])
	if !ok {
		return []*setting.Option{kind}
	}
	options := append([]*setting.Option{kind}, spec.Options...)
	if !spec.Formats {
		return options
	}
	options = append(options, &setting.Option{Key: "format", Doc: "How the rows are written: " + strings.Join(format.Names(), ", ") + "."})
	if f, ok := format.Lookup(given["format"]); ok {
		for _, o := range f.Options {
			named := *o
			named.Key = f.Name + "." + o.Key
			options = append(options, &named)
		}
	}
	slices.SortStableFunc(options, func(a, b *setting.Option) int {
		if a.Required != b.Required {
			if a.Required {
				return -1
			}
			return 1
		}
		return 0
	})
	return options
}

func named(names []string, doc func(string) string) []Item {
	items := make([]Item, len(names))
	for i, name := range names {
		items[i] = Item{Text: name, Name: name, Kind: Value, Note: doc(name)}
	}
	return items
}
