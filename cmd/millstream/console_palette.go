package main

// palette is the colours of SQL, as the numbers of ANSI sequences.
type palette struct{ keyword, text, number, comment, quoted string }

// palettes are the values of sql-client.display.color-schema. The default has the terminal's own colours, the others are like the
// themes that they are named after, in colours of the table of 256 that nearly every terminal has.
var palettes = map[string]palette{
	"DEFAULT":   {"1;34", "32", "36", "2", "33"},
	"CHESTER":   {"1;38;5;33", "38;5;72", "38;5;166", "3;38;5;245", "38;5;167"},
	"DARK":      {"1;38;5;68", "38;5;107", "38;5;103", "3;38;5;244", "38;5;180"},
	"DRACULA":   {"1;38;5;212", "38;5;228", "38;5;141", "3;38;5;61", "38;5;117"},
	"GESHI":     {"1;38;5;88", "38;5;124", "38;5;25", "3;38;5;244", "38;5;92"},
	"LIGHT":     {"1;38;5;160", "38;5;30", "38;5;27", "3;38;5;102", "38;5;130"},
	"OBSIDIAN":  {"1;38;5;113", "38;5;202", "38;5;221", "3;38;5;102", "38;5;110"},
	"SOLARIZED": {"1;38;5;33", "38;5;36", "38;5;125", "3;38;5;245", "38;5;136"},
	"VS2010":    {"1;38;5;75", "38;5;173", "38;5;151", "3;38;5;71", "38;5;252"},
}
