package httpapi

func docsFile(name string) ([]byte, string, bool) { return nil, "", false }
