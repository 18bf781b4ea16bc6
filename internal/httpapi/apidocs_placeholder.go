package httpapi

func docsFile(name string) ([]byte, string, bool) { return nil, "", false }
func graphiql(c *call) (reply, error)             { return c.asset("graphiql.html") }
