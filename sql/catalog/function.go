package catalog

// Function is a function of a user's that a class in another language implements. It can be named and described; it cannot be called
// here.
type Function struct {
	Path     Path
	Class    string
	Language string // JAVA unless given
	// Resources are where the class is, each as "JAR '/path'".
	Resources []string
}

// ID returns the full name.
func (f *Function) ID() Path { return f.Path }

// Space is Functions.
func (f *Function) Space() Kind { return Functions }

// Label is "function".
func (f *Function) Label() string { return "function" }

// IsTemporary is false: a temporary function needs its class at once.
func (f *Function) IsTemporary() bool { return false }

func (f *Function) renamed(p Path) Object {
	changed := *f
	changed.Path = p
	return &changed
}

// Model is a model that predicts output columns from input columns, by a provider outside.
type Model struct {
	Path          Path
	Temporary     bool
	Comment       string
	Input, Output []Column
	Options       map[string]string
}

// ID returns the full name.
func (m *Model) ID() Path { return m.Path }

// Space is Models.
func (m *Model) Space() Kind { return Models }

// Label is "model".
func (m *Model) Label() string { return "model" }

// IsTemporary says that the model lives in its session alone.
func (m *Model) IsTemporary() bool { return m.Temporary }

func (m *Model) renamed(p Path) Object {
	changed := *m
	changed.Path = p
	return &changed
}
