namespace Llm4Msr.Import.Engine;

/// <summary>
/// Where the records of a delimited text begin, which its reader tells of none that it could read. As there, a quote means
/// something only where a field begins, and a record may go over several lines.
/// </summary>
internal static class RecordLines
{
    private const int BufferSize = 1 << 16;

    private enum Place
    {
        FieldStart,
        Unquoted,
        Quoted,
        AfterQuote,
    }

    /// <param name="quote">One character, or empty for none.</param>
    /// <returns>The line, from 1, of each record and of each line without any character between two of them; and how it ends.</returns>
    public static IEnumerable<(long Line, bool Blank, LineEnd End)> Of(TextReader text, string separator, string quote)
    {
        var buffer = new char[BufferSize];
        var (line, first, blank, place, matched, before, ended) = (1L, 1L, true, Place.FieldStart, 0, '\0', false);
        for (var count = text.Read(buffer); count > 0; count = text.Read(buffer))
        {
            for (var k = 0; k < count; k++)
            {
                var character = buffer[k];
                if (ended) // by a CR; what follows says whether it was half of an end
                {
                    yield return (first, blank, character == '\n' ? LineEnd.CrLf : LineEnd.Cr);
                    (first, blank, place, matched, ended) = (line, true, Place.FieldStart, 0, false);
                    if (character == '\n')
                        continue;
                }
                var isSecondHalf = character == '\n' && before == '\r'; // inside of quotes
                before = character;
                if (isSecondHalf)
                    continue;
                if (character is '\n' or '\r')
                {
                    line++;
                    if (place == Place.Quoted)
                        continue;
                    if (character == '\r')
                    {
                        (ended, before) = (true, '\0');
                        continue;
                    }
                    yield return (first, blank, LineEnd.Lf);
                    (first, blank, place, matched) = (line, true, Place.FieldStart, 0);
                    continue;
                }
                blank = false;
                if (quote.Length > 0 && character == quote[0] && place != Place.Unquoted)
                    place = place == Place.Quoted ? Place.AfterQuote : Place.Quoted; // twice in a row it stands for itself
                else if (place != Place.Quoted)
                    place = IsSeparator(character) ? Place.FieldStart : Place.Unquoted;
            }
        }
        if (ended || !blank)
            yield return (first, blank, ended ? LineEnd.Cr : LineEnd.None);

        bool IsSeparator(char character)
        {
            matched = character == separator[matched] ? matched + 1 : character == separator[0] ? 1 : 0;
            if (matched < separator.Length)
                return false;
            matched = 0;
            return true;
        }
    }
}

internal enum LineEnd
{
    /// <summary>The text ends.</summary>
    None,
    Lf,
    Cr,
    CrLf,
}
