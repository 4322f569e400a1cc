package exchange

import "github.com/millstream/millstream/column"

// Mangle makes packers overwrite payloads that come back, so that a use after release shows as nonsense. Tests set it before the
// first job; with the race detector it is on from the start.
var Mangle = raceEnabled

const nonsense = 0xa5a5a5a5a5a5a5a5

func mangle(b *column.Batch) {
	for i := range b.Kinds {
		b.Kinds[i] = column.RowKind(nonsense >> 56)
	}
	for i := range b.Times {
		b.Times[i] = nonsense >> 1
	}
	for _, c := range b.Cols {
		mangleVector(c)
	}
}

func mangleVector(v *column.Vector) {
	for i := range v.Data {
		v.Data[i] = nonsense
	}
	for i := range v.Valid {
		v.Valid[i] = nonsense
	}
	for _, b := range v.Buffers {
		for i := range b {
			b[i] = nonsense >> 56
		}
	}
	for _, c := range v.Children {
		mangleVector(c)
	}
}
