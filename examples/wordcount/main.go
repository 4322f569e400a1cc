// Command wordcount counts the words of a text: the smallest whole program over the Go API.
//
//	go run ./examples/wordcount --input s3://input/test.txt --output s3://testbucket/output
package main

import (
	_ "github.com/millstream/millstream/connector/all"
	"github.com/millstream/millstream/examples"
)

func main() { examples.Main(examples.WordCount) }
