package draw

import (
	"math"
	"slices"
)

// Distances between places, in pixels.
const (
	gapX     = 36 // between boxes of a layer
	gapArrow = 22 // between an arrow that passes and what is beside it
	gapY     = 46 // between layers whose arrows have no label
	gapLabel = 66
	arrowBox = 14 // width of the place of an arrow that passes
)

// settle chooses where all places are. The boxes' sizes are known.
func (l *layout) settle() {
	y := 0.0
	for n, layer := range l.layers {
		tallest := 0.0
		for _, i := range layer {
			tallest = max(tallest, l.places[i].height)
		}
		for _, i := range layer {
			p := &l.places[i]
			if p.node < 0 {
				p.height = tallest
			}
			p.y = y + (tallest-p.height)/2
		}
		y += tallest
		if n < len(l.layers)-1 {
			y += l.gapBelow(n)
		}
	}
	l.height = y

	for _, layer := range l.layers {
		x := 0.0
		for n, i := range layer {
			p := &l.places[i]
			if n > 0 {
				x += l.gap(layer[n-1], i)
			}
			p.x = x
			x += p.width
		}
	}
	// First from both sides in turn, to find about the right places; then by all neighbours at once, until chains are straight.
	const rough, fine = 8, 200
	for n := 0; n < rough+fine && n*len(l.places) < enough; n++ {
		for k := range l.layers {
			switch {
			case n >= rough && n%2 == 0:
				l.pull(l.layers[k], func(p *place) ([]int, []int) { return p.up, p.down })
			case n >= rough:
				l.pull(l.layers[len(l.layers)-1-k], func(p *place) ([]int, []int) { return p.up, p.down })
			case n%2 == 0:
				l.pull(l.layers[k], func(p *place) ([]int, []int) { return p.up, nil })
			default:
				l.pull(l.layers[len(l.layers)-1-k], func(p *place) ([]int, []int) { return p.down, nil })
			}
		}
	}
	left, right := math.Inf(1), math.Inf(-1)
	for _, p := range l.places {
		left, right = min(left, p.x), max(right, p.x+p.width)
	}
	for i := range l.places {
		l.places[i].x -= left
	}
	l.width = right - left
}

// gapBelow is the room below a layer.
func (l *layout) gapBelow(n int) float64 {
	for _, i := range l.layers[n+1] {
		if node := l.places[i].node; node >= 0 {
			for _, in := range l.diagram.Nodes[node].Inputs {
				if in.label() != "" {
					return gapLabel
				}
			}
		}
	}
	return gapY
}

func (l *layout) gap(a, b int) float64 {
	if l.places[a].node < 0 || l.places[b].node < 0 {
		return gapArrow
	}
	return gapX
}

// straight is how much harder such arrows pull.
const straight = 12

// only tells whether two neighbours have one arrow between them and no other at its ends.
func (l *layout) only(a, b int) bool {
	if l.places[a].layer > l.places[b].layer {
		a, b = b, a
	}
	return len(l.places[a].down) == 1 && len(l.places[b].up) == 1
}

// pull moves a layer's places as near to the means of their neighbours as their order and gaps allow: the sum of the squares of the distances
// is the least there is. Where a single arrow leads on it pulls harder, so that chains and arrows that pass become straight.
func (l *layout) pull(layer []int, neighbours func(*place) (a, b []int)) {
	type run struct{ sum, weight float64 } // places that touch: where they would like the first place of the layer to be
	var runs []run
	var sizes []int
	offsets := make([]float64, len(layer)) // of a place behind the first one, if all touched
	for n := 1; n < len(layer); n++ {
		a, b := layer[n-1], layer[n]
		offsets[n] = offsets[n-1] + l.places[a].width + l.gap(a, b)
	}
	for n, i := range layer {
		p := &l.places[i]
		wish, weight := p.x, 0.01
		above, below := neighbours(p)
		if list := append(slices.Clone(above), below...); len(list) > 0 {
			sum := 0.0
			weight = 0
			for _, k := range list {
				w := 1.0
				if l.only(i, k) {
					w = straight
				}
				sum += w * (l.places[k].x + l.places[k].width/2)
				weight += w
			}
			wish = sum/weight - p.width/2
		}
		runs = append(runs, run{(wish - offsets[n]) * weight, weight})
		sizes = append(sizes, 1)
		for k := len(runs) - 1; k > 0 && runs[k].sum/runs[k].weight < runs[k-1].sum/runs[k-1].weight; k-- {
			runs[k-1].sum += runs[k].sum
			runs[k-1].weight += runs[k].weight
			sizes[k-1] += sizes[k]
			runs, sizes = runs[:k], sizes[:k]
		}
	}
	n := 0
	for k, r := range runs {
		for range sizes[k] {
			l.places[layer[n]].x = r.sum/r.weight + offsets[n]
			n++
		}
	}
}
