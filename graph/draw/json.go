package draw

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// JSON writes diagrams as an array.
func JSON(diagrams []Diagram) (string, error) {
	if diagrams == nil {
		diagrams = []Diagram{}
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(diagrams); err != nil {
		return "", fmt.Errorf("write a graph as JSON: %w", err)
	}
	return out.String(), nil
}
