package main

import (
	"math/rand/v2"
	"slices"
	"strings"
)

// The demonstration's text is made up: paragraphs of common English words and of names of rivers, mills and weather, drawn by Zipf's
// law, so that it looks a little like a text and counts like one. It is the same every time. It has no punctuation and no capitals at
// the begin of sentences, which a plain count of words would take for other words.

// commonWords are the most frequent words, most frequent first.
const commonWords = `the of and to in a is that it was for on are as with his they at be this from have or by one had not but what all were when we there
can an your which their said if do will each about how up out them then she many some so these would other into has more her two
like him see time could no make than first been its who now people my made over did down only way find use may water long little
very after words called just where most know get through back much before go good new write our used me man too any day same right
look think also around another came come work three word must because does part even place well such here take why things help put
years different away again off went old number great tell men say small every found still between name should home big give air line
set own under read last never us left end along while might next sound below saw something thought both few those always looked show
large often together asked house world going want school important until form food keep children feet land side without boy once
animals life enough took sometimes four head above kind began almost live page got earth need far hand high year mother light parts
country father let night following picture being study second eyes soon times story boys since white days ever paper hard near
sentence better best across during today others however sure means knew try told young miles sun ways thing whole hear example heard
several change answer room sea against top turned learn point city play toward five using himself usually`

// rareWords follow them.
const rareWords = `mill miller millstone millrace millpond wheel sluice weir river stream brook creek ford bridge bank current eddy rapid flood drought
rain storm cloud thunder wind gust breeze frost snow thaw meadow orchard barley wheat rye oats flour grain husk chaff sack cart
horse ox barn hayloft lantern candle kettle bread loaf oven hearth cellar ladder rope pulley gear cog axle shaft spindle hopper
gable thatch timber plank nail hammer chisel anvil forge smith cooper weaver potter tanner baker shepherd ferryman fisherman heron
otter kingfisher trout pike eel perch salmon willow alder poplar birch oak elm hazel bramble nettle clover heather moss fern reed
rush lily Danube Rhine Thames Loire Elbe Tiber Ebro Tagus Severn Clyde Moselle Neckar Inn Drava Sava Tisza Vistula Oder Neva Volga
Don Dnieper January March April summer autumn winter morning evening midnight noon twilight dawn dusk harvest market fair wedding
feast letter ledger coin silver copper iron lead tin brass linen wool leather velvet ribbon button needle thread spool basket barrel
bucket jug bowl spoon`

// demoText makes size bytes of text or a few more: lines of up to 72 letters, with an empty one between paragraphs.
func demoText(size int) string {
	const lineLetters = 72
	words := append(strings.Fields(commonWords), strings.Fields(rareWords)...)
	// Cumulated weights 1/(rank+2.7): Zipf's law as Mandelbrot wrote it.
	sums := make([]float64, len(words))
	total := 0.0
	for i := range words {
		total += 1 / (float64(i) + 2.7)
		sums[i] = total
	}
	r := rand.New(rand.NewPCG(1848, 7))
	var b strings.Builder
	b.Grow(size + lineLetters)
	for b.Len() < size {
		column := 0
		for range 40 + r.IntN(120) {
			i, _ := slices.BinarySearch(sums, r.Float64()*total)
			w := words[i]
			switch {
			case column == 0:
			case column+1+len(w) > lineLetters:
				b.WriteByte('\n')
				column = 0
			default:
				b.WriteByte(' ')
				column++
			}
			b.WriteString(w)
			column += len(w)
			if b.Len() >= size {
				break
			}
		}
		b.WriteString("\n\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}
