using System.Globalization;
using Llm4Msr.Import.Engine;

namespace Llm4Msr.Import.Configuration;

/// <summary>
/// A condition over columns: comparisons of a column with a number or a 'text', combined with and, or, not and
/// parentheses; a column alone is a number that is not zero, and the word true holds always. For example <c>click or (rating >= 4 and not spam)</c>.
/// </summary>
/// <remarks>It is read and written anew as SQL, so that nothing of its text reaches the database unread.</remarks>
internal abstract record Expression
{
    public sealed record Or(Expression Left, Expression Right) : Expression;

    public sealed record And(Expression Left, Expression Right) : Expression;

    public sealed record Not(Expression Inner) : Expression;

    public sealed record Always : Expression;

    /// <param name="Operator">=, &lt;&gt;, &lt;, &lt;=, &gt; or &gt;=.</param>
    /// <param name="Value">A double or a string.</param>
    public sealed record Comparison(string Column, string Operator, object Value) : Expression;

    /// <summary>The columns that are compared with numbers, and those that are compared with texts.</summary>
    public IEnumerable<(string Column, bool Number)> Columns() => this switch
    {
        Or(var left, var right) => left.Columns().Concat(right.Columns()),
        And(var left, var right) => left.Columns().Concat(right.Columns()),
        Not(var inner) => inner.Columns(),
        Comparison c => [(c.Column, c.Value is double)],
        _ => [],
    };

    /// <param name="text">Writes the text of a column as SQL.</param>
    public string Sql(SqlParameters parameters, Func<string, string> text) => this switch
    {
        Or(var left, var right) => $"({left.Sql(parameters, text)} OR {right.Sql(parameters, text)})",
        And(var left, var right) => $"({left.Sql(parameters, text)} AND {right.Sql(parameters, text)})",
        Always => "true",
        Not(var inner) => $"(NOT {inner.Sql(parameters, text)})",
        Comparison { Value: double } c => $"({SqlValues.Number(text(c.Column))} {c.Operator} {parameters.Add(c.Value)})",
        Comparison c => $"(coalesce({text(c.Column)}, '') {c.Operator} {parameters.Add(c.Value)})",
        _ => throw new InvalidOperationException(),
    };

    /// <exception cref="FormatException">What is wrong, and where.</exception>
    public static Expression Parse(string text)
    {
        var parser = new Parser(text);
        var expression = parser.Alternatives();
        parser.End();
        return expression;
    }

    private sealed class Parser
    {
        private static readonly Dictionary<string, string> s_operators = new()
        {
            ["="] = "=",
            ["=="] = "=",
            ["!="] = "<>",
            ["<>"] = "<>",
            ["<"] = "<",
            ["<="] = "<=",
            [">"] = ">",
            [">="] = ">=",
        };

        private const int DeepestNesting = 100;

        private readonly string _text;
        private readonly List<(string Kind, string Text, int At)> _tokens = [];
        private int _next;
        private int _depth;

        public Parser(string text)
        {
            _text = text;
            for (var at = 0; at < text.Length;)
                at = Token(at);
            _tokens.Add(("end", "", text.Length));
        }

        public Expression Alternatives()
        {
            if (++_depth > DeepestNesting)
                throw new FormatException("it is nested too deeply");
            var left = All();
            while (Take("or"))
                left = new Or(left, All());
            _depth--;
            return left;
        }

        public void End()
        {
            if (_tokens[_next].Kind != "end")
                throw Unexpected("'and', 'or' or its end");
        }

        private Expression All()
        {
            var left = One();
            while (Take("and"))
                left = new And(left, One());
            return left;
        }

        private Expression One()
        {
            if (Take("not"))
            {
                if (++_depth > DeepestNesting)
                    throw new FormatException("it is nested too deeply");
                var inner = One();
                _depth--;
                return new Not(inner);
            }
            if (Take("("))
            {
                var inner = Alternatives();
                return Take(")") ? inner : throw Unexpected("')'");
            }
            if (Take("true"))
                return new Always();
            var column = _tokens[_next].Kind == "column" ? _tokens[_next++].Text : throw Unexpected("a column, 'not' or '('");
            if (_tokens[_next].Kind != "operator")
                return new Comparison(column, "<>", 0.0);
            var comparison = _tokens[_next++].Text;
            var (kind, value, _) = _tokens[_next];
            if (kind is not ("number" or "text"))
                throw Unexpected("a number or a 'text'");
            _next++;
            return new Comparison(column, s_operators[comparison], kind == "text" ? value : double.Parse(value, CultureInfo.InvariantCulture));
        }

        private bool Take(string word)
        {
            if (_tokens[_next] is not { Kind: "word" } token || token.Text != word)
                return false;
            _next++;
            return true;
        }

        private int Token(int at)
        {
            var character = _text[at];
            if (char.IsWhiteSpace(character))
                return at + 1;
            if (character is '(' or ')')
                return Add("word", character.ToString(), at, at + 1);
            if (character is '\'' or '"')
                return Quoted(character, at);
            if ("=!<>".Contains(character, StringComparison.Ordinal))
            {
                var end = at + 1 < _text.Length && "=>".Contains(_text[at + 1], StringComparison.Ordinal) ? at + 2 : at + 1;
                return s_operators.ContainsKey(_text[at..end]) ? Add("operator", _text[at..end], at, end) : throw new FormatException($"'{_text[at..end]}' at position {at + 1} is no comparison");
            }
            if (char.IsAsciiDigit(character) || character is '-' or '.')
            {
                var end = at + 1;
                while (end < _text.Length && (char.IsAsciiLetterOrDigit(_text[end]) || _text[end] is '.' || _text[end] is '+' or '-' && _text[end - 1] is 'e' or 'E'))
                    end++;
                return double.TryParse(_text[at..end], NumberStyles.Float, CultureInfo.InvariantCulture, out _)
                    ? Add("number", _text[at..end], at, end)
                    : throw new FormatException($"'{_text[at..end]}' at position {at + 1} is no number");
            }
            if (char.IsLetter(character) || character == '_')
            {
                var end = at + 1;
                while (end < _text.Length && (char.IsLetterOrDigit(_text[end]) || _text[end] is '_' or '.'))
                    end++;
                var word = _text[at..end];
                return Add(word is "and" or "or" or "not" or "true" ? "word" : "column", word, at, end);
            }
            throw new FormatException($"'{character}' at position {at + 1} means nothing here; a column with unusual characters stands in double quotes");
        }

        /// <summary>A text in single quotes or a column in double ones; the quote itself is written twice.</summary>
        private int Quoted(char quote, int at)
        {
            var value = new System.Text.StringBuilder();
            for (var k = at + 1; k < _text.Length; k++)
            {
                if (_text[k] != quote)
                    value.Append(_text[k]);
                else if (k + 1 < _text.Length && _text[k + 1] == quote)
                    value.Append(_text[k++]);
                else
                    return Add(quote == '\'' ? "text" : "column", value.ToString(), at, k + 1);
            }
            throw new FormatException($"the quote at position {at + 1} is not closed");
        }

        private int Add(string kind, string text, int at, int end)
        {
            _tokens.Add((kind, text, at));
            return end;
        }

        private FormatException Unexpected(string expected)
        {
            var token = _tokens[_next];
            return new FormatException(token.Kind == "end" ? $"it ends where {expected} was expected" : $"'{token.Text}' stands at position {token.At + 1} where {expected} was expected");
        }
    }
}
