// Package test looks at the project as a whole: that imports point downwards and that the tree is tidy.
// Its subfolders hold the tests and programs that need more than one layer. Nothing imports it.
package test
