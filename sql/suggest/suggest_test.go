package suggest

import "testing"

func TestNearest(t *testing.T) {
	known := []string{"id", "name", "dept_id", "salary", "UPPER", "customer_name"}
	for name, want := range map[string]string{
		"ID": "id", "namee": "name", "salry": "salary", "upper": "UPPER", "dept": "dept_id", "customer": "customer_name",
		"zzz": "", "x": "", "": "",
	} {
		if got := Nearest(name, known); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestHint(t *testing.T) {
	for _, c := range []struct {
		name, want string
		known      []string
	}{
		{"namee", "did you mean 'name'?", []string{"id", "name"}},
		{"qqqqq", "columns there are id, name", []string{"id", "name"}},
		{"qqqqq", "", nil},
		{"qqqqq", "columns there are a1, a2, a3, a4, a5, a6, a7, a8, a9, b1, b2, b3, …",
			[]string{"a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9", "b1", "b2", "b3", "b4"}},
	} {
		if got := Hint(c.name, c.known, "columns there are"); got != c.want {
			t.Errorf("Hint(%q) = %q, want %q", c.name, got, c.want)
		}
	}
}
