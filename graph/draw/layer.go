package draw

import (
	"cmp"
	"slices"
)

// The layout is Sugiyama's: nodes in layers, so that all arrows point down; each arrow that passes over a layer gets a place of its own in it;
// the order within layers is changed until few arrows cross; and then places are chosen so that arrows are short and straight.

// place is a node in a layer, or where an arrow passes through one.
type place struct {
	node  int // position in the diagram, -1: an arrow passes
	layer int
	up    []int // places in the layer above that lead here
	down  []int
	order int // in the layer

	x, y, width, height float64 // the left upper corner and the size
}

// layout is the places of a diagram. The first len(Nodes) of them are its nodes, in order.
type layout struct {
	diagram *Diagram
	places  []place
	layers  [][]int
	routes  [][][]int // by node and input, the places that the arrow goes through, both ends included

	width, height float64
	pills         [][4]float64 // where labels of arrows are: left, top, right, bottom
}

// newLayout puts a diagram's nodes into layers and orders them.
func newLayout(d *Diagram) *layout {
	l := &layout{diagram: d, places: make([]place, len(d.Nodes))}
	for i := range d.Nodes {
		l.places[i] = place{node: i, layer: l.depth(i)}
	}
	l.lower()
	l.route()
	l.uncross()
	return l
}

// depth is the layer below all of a node's inputs.
func (l *layout) depth(i int) int {
	depth := 0
	for _, in := range l.diagram.Nodes[i].Inputs {
		depth = max(depth, l.places[in.From].layer+1)
	}
	return depth
}

// lower moves nodes down to what reads them, as sources otherwise stand far above.
func (l *layout) lower() {
	lowest := make([]int, len(l.diagram.Nodes)) // the layer of the first that reads a node; 0: none does
	for i, n := range slices.Backward(l.diagram.Nodes) {
		p := &l.places[i]
		p.layer = max(p.layer, lowest[i]-1)
		for _, in := range n.Inputs {
			if lowest[in.From] == 0 || p.layer < lowest[in.From] {
				lowest[in.From] = p.layer
			}
		}
	}
}

// route gives each arrow a place in each layer that it passes, and connects places.
func (l *layout) route() {
	l.routes = make([][][]int, len(l.diagram.Nodes))
	connect := func(from, to int) {
		l.places[from].down = append(l.places[from].down, to)
		l.places[to].up = append(l.places[to].up, from)
	}
	for i, n := range l.diagram.Nodes {
		for _, in := range n.Inputs {
			route, at := []int{in.From}, in.From
			for layer := l.places[in.From].layer + 1; layer < l.places[i].layer; layer++ {
				l.places = append(l.places, place{node: -1, layer: layer})
				connect(at, len(l.places)-1)
				at = len(l.places) - 1
				route = append(route, at)
			}
			connect(at, i)
			l.routes[i] = append(l.routes[i], append(route, i))
		}
	}
	for i, p := range l.places {
		for len(l.layers) <= p.layer {
			l.layers = append(l.layers, nil)
		}
		l.layers[p.layer] = append(l.layers[p.layer], i)
	}
}

const (
	// sweeps is how often the order is improved, from above and from below in turn.
	sweeps = 24
	// enough is how much work, in places times rounds, each step of the layout of a large graph may be.
	enough = 1_000_000
)

// uncross orders each layer by where its neighbours stand in the layers above and below, and keeps the best order that comes up.
func (l *layout) uncross() {
	// At first, inputs stand in the order in which their consumer names them.
	visited := make([]bool, len(l.places))
	var order []int
	var visit func(i int)
	visit = func(i int) {
		if visited[i] {
			return
		}
		visited[i] = true
		for _, up := range l.places[i].up {
			visit(up)
		}
		order = append(order, i)
	}
	for i := range l.places {
		if len(l.places[i].down) == 0 {
			visit(i)
		}
	}
	rank := make([]int, len(l.places))
	for n, i := range order {
		rank[i] = n
	}
	for _, layer := range l.layers {
		slices.SortFunc(layer, func(a, b int) int { return cmp.Compare(rank[a], rank[b]) })
	}
	l.number()
	best, fewest := l.snapshot(), l.crossings()
	for n := 0; n < sweeps && fewest > 0 && n*len(l.places) < enough; n++ {
		for k := range l.layers {
			if n%2 == 0 {
				l.sort(l.layers[k], func(p *place) []int { return p.up })
			} else {
				l.sort(l.layers[len(l.layers)-1-k], func(p *place) []int { return p.down })
			}
		}
		if c := l.crossings(); c < fewest {
			best, fewest = l.snapshot(), c
		}
	}
	l.layers = best
	l.number()
}

func (l *layout) number() {
	for _, layer := range l.layers {
		for n, i := range layer {
			l.places[i].order = n
		}
	}
}

func (l *layout) snapshot() [][]int {
	copied := make([][]int, len(l.layers))
	for i, layer := range l.layers {
		copied[i] = slices.Clone(layer)
	}
	return copied
}

// sort orders a layer by the means of its places' neighbours; one without any keeps its place.
func (l *layout) sort(layer []int, neighbours func(*place) []int) {
	mean := make(map[int]float64, len(layer))
	for _, i := range layer {
		p := &l.places[i]
		mean[i] = float64(p.order)
		if list := neighbours(p); len(list) > 0 {
			sum := 0
			for _, n := range list {
				sum += l.places[n].order
			}
			mean[i] = float64(sum) / float64(len(list))
		}
	}
	slices.SortStableFunc(layer, func(a, b int) int { return cmp.Compare(mean[a], mean[b]) })
	for n, i := range layer {
		l.places[i].order = n
	}
}

// crossings counts the arrows that cross between neighbouring layers, by counting inversions.
func (l *layout) crossings() int {
	total := 0
	for _, layer := range l.layers {
		var ends []int // the lower ends, by the order of the upper ones
		for _, i := range layer {
			from := len(ends)
			for _, down := range l.places[i].down {
				ends = append(ends, l.places[down].order)
			}
			slices.Sort(ends[from:])
		}
		total += inversions(ends)
	}
	return total
}

// inversions counts the pairs that stand the wrong way round, and sorts.
func inversions(list []int) int {
	if len(list) < 2 {
		return 0
	}
	half := len(list) / 2
	left, right := slices.Clone(list[:half]), slices.Clone(list[half:])
	n := inversions(left) + inversions(right)
	for i := range list {
		if len(right) == 0 || len(left) > 0 && left[0] <= right[0] {
			list[i], left = left[0], left[1:]
		} else {
			list[i], right = right[0], right[1:]
			n += len(left)
		}
	}
	return n
}
