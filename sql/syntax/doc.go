// Package syntax turns the text of Apache Flink's SQL dialect into a syntax tree and back.
//
// UTF-8 text enters, through [Parse] (one statement), [ParseScript] (statements separated by semicolons),
// [ParseExpr] (one expression) or [Splitter] (an interactive shell's lines). Trees of [Statement], [Query],
// [Expr] and [TableRef] leave, or one [*Error] with the place that is wrong and what would be right.
// [Format] prints a tree as canonical SQL, which parses to an equal tree.
//
// The package knows grammar only: names are not resolved, types are not bound, options are not checked.
// Every node holds the byte offsets of its first and behind its last byte in the source. A tree aliases
// the source text (names are substrings of it) and is not changed once it is returned.
//
// Work and memory are linear in the length of the text. Nesting is bounded, in the text by an error, so
// that recursive walks over a tree need no limit of their own.
package syntax
