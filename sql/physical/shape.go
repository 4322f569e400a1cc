package physical

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/millstream/millstream/sql/plan"
)

// loose are the details of a node that may change while its state still says the same of the same rows: what it computes, and which of its columns.
var loose = []string{"select", "fields", "where", "filter", "build"}

// through are nodes that keep nothing, so that an operator behind them is the same with them and without.
var through = []string{"Calc", "Filter", "Project", "Exchange", "WatermarkAssigner", "DropUpdateBefore", "LocalAggregate", "LocalWindowAggregate"}

// shape is what a node's state depends on: its kind, the keys and the order by which it keeps rows, and the same of its inputs. Two nodes of one shape
// may differ in what they compute, such as in one aggregate more; the state of one can then be made the state of the other.
func shape(n plan.Node) string {
	sum := sha256.Sum256([]byte(shapeText(n)))
	return hex.EncodeToString(sum[:8])
}

func shapeText(n plan.Node) string {
	inputs := n.Inputs()
	kind := n.Kind()
	if slices.Contains(through, kind) && len(inputs) == 1 {
		return shapeText(inputs[0])
	}
	if scan, ok := n.(*plan.Scan); ok {
		return "Scan(" + scan.Table.Name + ")"
	}
	var b strings.Builder
	b.WriteString(strings.TrimPrefix(kind, "Global"))
	b.WriteByte('[')
	for _, d := range n.Details() {
		if !slices.Contains(loose, d.Key) {
			b.WriteString(d.Key + "=" + d.Value + ";")
		}
	}
	b.WriteByte(']')
	for _, in := range inputs {
		b.WriteString("(" + shapeText(in) + ")")
	}
	return b.String()
}
