// Command nexmark is a placeholder that is completed below.
package main

func main() {}
