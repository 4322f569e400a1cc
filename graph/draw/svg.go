package draw

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Sizes in pixels.
const (
	margin    = 24
	cellWidth = 6.7 // of a monospaced character of 11 pixels
	nameCell  = 8.3 // of a letter of a name: 13 pixels, bold
	lineStep  = 16
	nameStep  = 22
	boxPad    = 12
	stripe    = 4 // at the left of a box, in the colour of its kind
	labelCell = 6.3
	titleStep = 18
	titleRows = 4
)

// colourOf is the colour of a kind of node.
func colourOf(k Kind) string {
	switch k {
	case Source:
		return "#0d9488"
	case Sink:
		return "#c2410c"
	}
	return "#4f46e5"
}

// style is for light and for dark surroundings. Texts have fonts that every system has some of.
const style = `<style>
.page{fill:#f8fafc}.box{fill:#ffffff;stroke:#cbd5e1}.name{font:600 13px system-ui,"Segoe UI",Helvetica,Arial,sans-serif;fill:#0f172a}
.key{font:11px ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#64748b}.value{font:11px ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#1e293b}
.badge{fill:#f1f5f9}.count{font:600 11px system-ui,"Segoe UI",Helvetica,Arial,sans-serif;fill:#475569;text-anchor:middle}
.title{font:12px ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#334155}
.chain{fill:none;stroke:#94a3b8;stroke-width:1.5}.ship{fill:none;stroke:#475569;stroke-width:2}
.tip{fill:#94a3b8}.shiptip{fill:#475569}.pill{fill:#e0e7ff;stroke:#c7d2fe}.label{font:11px system-ui,"Segoe UI",Helvetica,Arial,sans-serif;fill:#3730a3;text-anchor:middle}
@media (prefers-color-scheme:dark){.page{fill:#0f172a}.box{fill:#1e293b;stroke:#334155}.name{fill:#f1f5f9}.key{fill:#94a3b8}.value{fill:#e2e8f0}
.badge{fill:#334155}.count{fill:#cbd5e1}.title{fill:#cbd5e1}.chain{stroke:#64748b}.ship{stroke:#94a3b8}.tip{fill:#64748b}.shiptip{fill:#94a3b8}
.pill{fill:#312e81;stroke:#3730a3}.label{fill:#e0e7ff}}
</style>
`

// SVG draws diagrams, one below the other.
func SVG(diagrams []Diagram) string {
	var body strings.Builder
	width, y := 0.0, float64(margin)
	for i := range diagrams {
		d := &diagrams[i]
		l := newLayout(d)
		for n := range d.Nodes {
			l.places[n].width, l.places[n].height = boxSize(&d.Nodes[n])
		}
		for n := len(d.Nodes); n < len(l.places); n++ {
			l.places[n].width = arrowBox
		}
		l.settle()
		title := wrap(oneLine(d.Title), max(96, int(l.width/7.3)), titleRows)
		for _, line := range title {
			fmt.Fprintf(&body, `<text class="title" x="%d" y="%s">%s</text>`+"\n", margin, px(y+12), escape(line))
			width = max(width, 7.3*float64(cells(line)))
			y += titleStep
		}
		if len(title) > 0 {
			y += margin / 2
		}
		fmt.Fprintf(&body, `<g transform="translate(%d %s)">`+"\n", margin, px(y))
		l.draw(&body)
		body.WriteString("</g>\n")
		width = max(width, l.width)
		y += l.height + 2*margin
	}
	width, height := math.Ceil(width+2*margin), math.Ceil(max(y-margin, 2*margin))
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%s" height="%s" viewBox="0 0 %s %s" role="img">`+"\n", px(width), px(height), px(width), px(height)) +
		style + `<rect class="page" width="100%" height="100%"/>` + "\n" + body.String() + "</svg>\n"
}

// boxSize is what a node's text needs.
func boxSize(n *Node) (width, height float64) {
	width = nameCell*float64(cells(n.Name)) + badgeWidth(n) + 14
	lines := bodyLines(n)
	for _, line := range lines {
		chars := cells(line.value)
		if line.key != "" {
			chars += cells(line.key) + 1
		}
		width = max(width, cellWidth*float64(chars+indent(line)))
	}
	height = nameStep + 2*boxPad - 6 + lineStep*float64(len(lines))
	if len(lines) > 0 {
		height += 4
	}
	return max(120, width+2*boxPad+stripe), height
}

// indent is how far in a line is that goes on with a value.
func indent(l bodyLine) int {
	if l.key == "" {
		return 2
	}
	return 0
}

func badgeWidth(n *Node) float64 { return 14 + 7*float64(len(count(n))) }

func count(n *Node) string { return fmt.Sprintf("×%d", n.Parallelism) }

// draw writes arrows, then boxes, then the labels of arrows.
func (l *layout) draw(b *strings.Builder) {
	var labels strings.Builder
	for i, n := range l.diagram.Nodes {
		for k, in := range n.Inputs {
			l.arrow(b, &labels, l.routes[i][k], i, k, &in)
		}
	}
	for i := range l.diagram.Nodes {
		l.box(b, i)
	}
	b.WriteString(labels.String())
}

// port is where the k-th of n arrows meets a box of a width: spread over the middle of its edge.
func port(p *place, k, n int) float64 {
	step := min(28, p.width*0.6/float64(n))
	return p.x + p.width/2 + step*(float64(k)-float64(n-1)/2)
}

// arrow draws an arrow through its route.
func (l *layout) arrow(b, labels *strings.Builder, route []int, node, input int, in *Input) {
	class, tip := "chain", "tip"
	if !in.Chained {
		class, tip = "ship", "shiptip"
	}
	from, to := &l.places[route[0]], &l.places[node]
	first, last := 0, 0 // how many arrows of this box leave or arrive at the same places before this one
	for k := range input {
		other := l.routes[node][k]
		if other[0] == route[0] && other[1] == route[1] {
			first++
		}
		if other[len(other)-2] == route[len(route)-2] {
			last++
		}
	}
	x0, y0 := port(from, first+l.rank(from.down, route[1]), len(from.down)), from.y+from.height
	var path strings.Builder
	fmt.Fprintf(&path, "M%s %s", px(x0), px(y0))
	x, y := x0, y0
	curve := func(toX, toY float64) {
		bend := (toY - y) * 0.5
		fmt.Fprintf(&path, "C%s %s %s %s %s %s", px(x), px(y+bend), px(toX), px(toY-bend), px(toX), px(toY))
		x, y = toX, toY
	}
	for _, i := range route[1 : len(route)-1] {
		p := &l.places[i]
		curve(p.x+p.width/2, p.y)
		fmt.Fprintf(&path, "V%s", px(p.y+p.height))
		y = p.y + p.height
	}
	lastX, lastY := x, y
	endX := port(to, last+l.rank(to.up, route[len(route)-2]), len(to.up))
	curve(endX, to.y-7)
	fmt.Fprintf(b, `<path class="%s" d="%s"/><path class="%s" d="M%s %sl-4.5 -8h9z"/>`+"\n", class, path.String(), tip, px(endX), px(to.y))
	if text := in.label(); text != "" {
		text = wrap(oneLine(text), 40, 1)[0]
		w := labelCell*float64(cells(text)) + 16
		const t = 0.5 // of the way down from the box above
		cx := lastX*(1-t)*(1-t)*(1+2*t) + endX*t*t*(3-2*t)
		cy := lastY + (to.y-7-lastY)*t
		pill := [4]float64{cx - w/2, cy - 9, cx + w/2, cy + 9}
		for slices.ContainsFunc(l.pills, func(o [4]float64) bool { return o[0] < pill[2] && pill[0] < o[2] && o[1] < pill[3] && pill[1] < o[3] }) {
			cy -= 20
			pill[1], pill[3] = cy-9, cy+9
		}
		l.pills = append(l.pills, pill)
		fmt.Fprintf(labels, `<rect class="pill" x="%s" y="%s" width="%s" height="18" rx="9"/><text class="label" x="%s" y="%s">%s</text>`+"\n",
			px(cx-w/2), px(cy-9), px(w), px(cx), px(cy+4), escape(text))
	}
}

// rank is where a place stands among others from left to right.
func (l *layout) rank(list []int, i int) int {
	sorted := slices.Clone(list)
	slices.SortStableFunc(sorted, func(a, b int) int { return l.places[a].order - l.places[b].order })
	return slices.Index(sorted, i)
}

// box draws a node.
func (l *layout) box(b *strings.Builder, i int) {
	n, p := &l.diagram.Nodes[i], &l.places[i]
	fmt.Fprintf(b, `<g transform="translate(%s %s)"><title>%s</title><rect class="box" width="%s" height="%s" rx="6"/>`,
		px(p.x), px(p.y), escape(strings.Join(columnLines(n), "\n")), px(p.width), px(p.height))
	fmt.Fprintf(b, `<path d="M6 0H%dV%sH6a6 6 0 0 1-6-6V6a6 6 0 0 1 6-6z" fill="%s"/>`, stripe+2, px(p.height), colourOf(n.Kind))
	left := float64(stripe + boxPad)
	w := badgeWidth(n)
	fmt.Fprintf(b, `<text class="name" x="%s" y="%d">%s</text>`, px(left), boxPad+12, escape(n.Name))
	fmt.Fprintf(b, `<rect class="badge" x="%s" y="%d" width="%s" height="18" rx="9"/><text class="count" x="%s" y="%d">%s</text>`,
		px(p.width-w-8), boxPad-2, px(w), px(p.width-8-w/2), boxPad+11, count(n))
	y := float64(boxPad + nameStep + 10)
	for _, line := range bodyLines(n) {
		x := left + cellWidth*float64(indent(line))
		if line.key != "" {
			fmt.Fprintf(b, `<text class="key" x="%s" y="%s">%s</text>`, px(x), px(y), escape(line.key))
			x += cellWidth * float64(cells(line.key)+1)
		}
		fmt.Fprintf(b, `<text class="value" x="%s" y="%s">%s</text>`, px(x), px(y), escape(line.value))
		y += lineStep
	}
	b.WriteString("</g>\n")
}

// px writes a coordinate with at most one digit behind the point.
func px(v float64) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", math.Round(v*10)/10), ".0")
}

// escape makes a text fit for XML, without characters that XML does not have.
func escape(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < 0x20 && r != '\n' && r != '\t' || r == 0xfffe || r == 0xffff {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd"))
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(text)
}
