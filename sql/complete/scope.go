package complete

import (
	"strings"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/syntax"
)

// block is a SELECT around the place.
type block struct {
	tokens []syntax.Token // at the level of the SELECT itself, without what stands in parentheses
	from   string         // what stands behind FROM
	items  []string       // its tables, without the conditions of joins
	behind bool           // the place is behind FROM's tables
}

// blocks returns the SELECTs that the place is in, innermost first.
func (p *place) blocks() []block {
	var all []block
	open := p.unclosed(p.tokens, p.pos)
	for level := len(open); level >= 0; level-- {
		first := 0
		if level > 0 {
			first = open[level-1] + 1
		}
		if b, ok := p.block(first); ok {
			all = append(all, b)
		}
	}
	return all
}

// block looks at the SELECT that a parenthesis or the statement opens in front of tokens[first].
func (p *place) block(first int) (block, bool) {
	var b block
	depth := 0
	for _, t := range p.tokens[first:] {
		switch {
		case p.is(t, "("):
			depth++
		case p.is(t, ")"):
			depth--
		case depth > 0:
			continue
		}
		if depth < 0 {
			break
		}
		if depth == 0 && p.is(t, "UNION", "INTERSECT", "EXCEPT") {
			if int(t.From) >= p.pos {
				break
			}
			b.tokens = nil
			continue
		}
		b.tokens = append(b.tokens, t)
	}
	at := -1
	for i, t := range b.tokens {
		if p.is(t, "FROM") {
			at = i
			break
		}
	}
	if at < 0 {
		return b, len(b.tokens) > 0 && p.is(b.tokens[0], "SELECT")
	}
	begin := int(b.tokens[at].To)
	end := p.levelEnd(first)
	item, skip := begin, false
	cut := func(to int) {
		if text := strings.TrimSpace(p.without(item, to)); !skip && text != "" {
			b.items = append(b.items, text)
		}
		skip = false
	}
	for _, t := range b.tokens[at+1:] {
		if p.is(t, clauses...) {
			end = int(t.From)
			break
		}
		switch {
		case p.is(t, ",", "JOIN"):
			cut(int(t.From))
			item = int(t.To)
		case p.is(t, "ON", "USING", "LEFT", "RIGHT", "FULL", "INNER", "CROSS", "NATURAL"):
			cut(int(t.From))
			skip = true
		}
	}
	cut(end)
	b.from = p.without(begin, end)
	b.behind = p.pos >= end
	return b, true
}

// levelEnd returns where the parenthesis in front of tokens[first] is closed, or the end of the statement.
func (p *place) levelEnd(first int) int {
	depth := 0
	for _, t := range p.tokens[first:] {
		switch {
		case p.is(t, "("):
			depth++
		case p.is(t, ")"):
			if depth--; depth < 0 {
				return int(t.From)
			}
		}
	}
	end := p.pos
	if n := len(p.tokens); n > 0 {
		end = max(end, int(p.tokens[n-1].To))
	}
	return end
}

// without returns a part of the text without the word that is being typed.
func (p *place) without(from, to int) string {
	if from <= p.from && p.pos <= to {
		return p.text[from:p.from] + p.text[p.pos:to]
	}
	if from > to {
		return ""
	}
	return p.text[from:to]
}

// schema returns the columns of a query with the statement's WITH in front of it, nil if it cannot be bound.
func (p *place) schema(query string) []column.Field {
	for _, with := range []string{p.withText(), ""} {
		if fields, err := p.session.Schema(with + query); err == nil {
			return fields
		}
	}
	return nil
}

// columns returns the columns of all SELECTs around the place, their tables' aliases and, behind FROM, the names of the select list.
func (p *place) columns() []Item {
	var items []Item
	for _, b := range p.blocks() {
		if b.behind {
			for i, t := range b.tokens[:max(0, len(b.tokens)-1)] {
				if p.is(t, "FROM") {
					break
				}
				if next := b.tokens[i+1]; p.is(t, "AS") && p.isName(next) {
					items = append(items, Item{Text: identifier(p.name(next)), Name: p.name(next), Kind: Column})
				}
			}
		}
		if b.from == "" {
			continue
		}
		fields := p.schema("SELECT * FROM " + b.from)
		if fields == nil {
			for _, it := range b.items {
				fields = append(fields, p.schema("SELECT * FROM "+it)...)
			}
		}
		items = append(items, columns(fields)...)
		for _, it := range b.items {
			if name := alias(it); name != "" {
				items = append(items, Item{Text: identifier(name), Name: name, Kind: Table})
			}
		}
	}
	return items
}

// qualifiedColumns returns the columns of the table or alias in front of the dot.
func (p *place) qualifiedColumns() []Item {
	name := quoted(p.qualifier)
	for _, b := range p.blocks() {
		if fields := p.schema("SELECT " + name + ".* FROM " + b.from); fields != nil {
			return columns(fields)
		}
		for _, it := range b.items {
			if fields := p.schema("SELECT " + name + ".* FROM " + it); fields != nil {
				return columns(fields)
			}
		}
	}
	return nil
}

// target returns the name of the table whose columns are listed around the place: INSERT INTO t (….
func (p *place) target() []string {
	open := p.unclosed(p.before, p.pos)
	if len(open) == 0 || !p.is(p.before[0], "INSERT") {
		return nil
	}
	i := open[len(open)-1] - 1
	if i >= 0 && p.is(p.before[i], "PARTITION") {
		i--
	}
	var parts []string
	for i >= 1 && p.isName(p.before[i]) {
		parts = append([]string{p.name(p.before[i])}, parts...)
		if i--; !p.is(p.before[i], ".") {
			break
		}
		i--
	}
	if i < 0 || !p.is(p.before[i], "INTO", "OVERWRITE") {
		return nil
	}
	return parts
}

// alias returns the name by which an item of FROM is known.
func alias(item string) string {
	tokens := syntax.Tokens(item)
	if len(tokens) == 0 {
		return ""
	}
	last := tokens[len(tokens)-1]
	if last.Kind != syntax.WordToken && last.Kind != syntax.QuotedToken {
		return ""
	}
	p := place{text: item}
	return p.name(last)
}

// with returns the names that the statement's WITH defines in front of the place.
func (p *place) with() []Item {
	var items []Item
	text := p.withText()
	q := place{text: text}
	q.tokens = syntax.Tokens(text)
	depth := 0
	for i, t := range q.tokens {
		switch {
		case q.is(t, "("):
			depth++
		case q.is(t, ")"):
			depth--
		case depth == 0 && q.isName(t) && i+1 < len(q.tokens) && q.is(q.tokens[i+1], "AS", "("):
			items = append(items, Item{Text: identifier(q.name(t)), Name: q.name(t), Kind: Table, Note: "WITH"})
		}
	}
	return items
}

// withText returns the statement's WITH as far as it is complete in front of the place, with a blank behind it, or "".
func (p *place) withText() string {
	begin, end, depth := -1, -1, 0
	for i, t := range p.tokens {
		switch {
		case int(t.To) > p.pos:
			if end > 0 {
				return p.text[begin:end] + " "
			}
			return ""
		case begin < 0:
			if p.is(t, "WITH") && i+1 < len(p.tokens) && !p.is(p.tokens[i+1], "(") {
				begin = int(t.From)
			}
		case p.is(t, "("):
			depth++
		case p.is(t, ")"):
			if depth--; depth == 0 {
				end = int(t.To)
			}
		case depth == 0 && end > 0 && p.is(t, "SELECT", "INSERT"):
			return p.text[begin:end] + " "
		}
	}
	if end > 0 {
		return p.text[begin:end] + " "
	}
	return ""
}

func columns(fields []column.Field) []Item {
	items := make([]Item, len(fields))
	for i, f := range fields {
		items[i] = Item{Text: identifier(f.Name), Name: f.Name, Kind: Column, Note: f.Type.String()}
	}
	return items
}

// quoted writes a dotted name.
func quoted(parts []string) string {
	list := make([]string, len(parts))
	for i, part := range parts {
		list[i] = catalog.Quote(part)
	}
	return strings.Join(list, ".")
}
