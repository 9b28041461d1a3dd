using System.Globalization;
using System.Text;

namespace Llm4Msr.Language.Tokenization;

/// <summary>Unicode's canonical composition (NFC), which some tokenizers ask for before anything else.</summary>
/// <remarks>.NET does it with ICU only, which this project leaves out: with invariant globalisation <c>string.Normalize</c> changes nothing.</remarks>
internal static class Nfc
{
    private const int HangulFirst = 0xAC00, HangulCount = 11172, Leads = 0x1100, Vowels = 0x1161, Tails = 0x11A7, VowelCount = 21, TailCount = 28;

    private static readonly Lazy<Tables> s_tables = new(Read);

    private sealed record Tables(Dictionary<int, int[]> Parts, Dictionary<(int, int), int> Composed, Dictionary<int, int> Classes);

    public static string Compose(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\u0300', '\uFFFF')) // Latin-1 and its like is composed already
            return text;
        var tables = s_tables.Value;
        var points = Decomposed(text, tables);
        Reorder(points, tables);
        Compose(points, tables);
        return Joined(points);
    }

    /// <summary>Letters and their marks apart, marks as they come: what is needed to leave the marks out.</summary>
    public static string Decompose(string text) =>
        text.AsSpan().ContainsAnyInRange('\u00C0', '\uFFFF') ? Joined(Decomposed(text, s_tables.Value)) : text;

    private static List<int> Decomposed(string text, Tables tables)
    {
        List<int> points = [];
        foreach (var rune in text.EnumerateRunes())
            Decompose(rune.Value, points, tables);
        return points;
    }

    private static string Joined(List<int> points)
    {
        var result = new StringBuilder(points.Count);
        foreach (var point in points)
            result.Append(new Rune(point).ToString());
        return result.ToString();
    }

    private static void Decompose(int point, List<int> into, Tables tables)
    {
        if (point is >= HangulFirst and < HangulFirst + HangulCount)
        {
            var index = point - HangulFirst;
            into.Add(Leads + index / (VowelCount * TailCount));
            into.Add(Vowels + index / TailCount % VowelCount);
            if (index % TailCount > 0)
                into.Add(Tails + index % TailCount);
        }
        else if (tables.Parts.TryGetValue(point, out var parts))
        {
            foreach (var part in parts)
                Decompose(part, into, tables);
        }
        else
        {
            into.Add(point);
        }
    }

    /// <summary>Marks after a letter in the order of their classes; those of one class stay as they are.</summary>
    private static void Reorder(List<int> points, Tables tables)
    {
        for (var start = 0; start < points.Count; start++)
        {
            var end = start;
            while (end < points.Count && ClassOf(points[end], tables) > 0)
                end++;
            if (end - start > 1)
            {
                var sorted = points.GetRange(start, end - start).OrderBy(p => ClassOf(p, tables)).ToList();
                for (var i = 0; i < sorted.Count; i++)
                    points[start + i] = sorted[i];
            }
            start = Math.Max(start, end);
        }
    }

    private static void Compose(List<int> points, Tables tables)
    {
        int starter = -1, kept = 0, lastClass = 0;
        for (var i = 0; i < points.Count; i++)
        {
            var (point, ownClass) = (points[i], ClassOf(points[i], tables));
            var adjacent = starter == kept - 1;
            if (starter >= 0 && (adjacent || (lastClass < ownClass && lastClass > 0)) && Pair(points[starter], point, tables) is { } composed)
            {
                points[starter] = composed;
                continue;
            }
            if (ownClass == 0)
                starter = kept;
            lastClass = ownClass;
            points[kept++] = point;
        }
        points.RemoveRange(kept, points.Count - kept);
    }

    private static int? Pair(int first, int second, Tables tables)
    {
        if (first is >= Leads and < Leads + 19 && second is >= Vowels and < Vowels + VowelCount)
            return HangulFirst + ((first - Leads) * VowelCount + second - Vowels) * TailCount;
        if (first is >= HangulFirst and < HangulFirst + HangulCount && (first - HangulFirst) % TailCount == 0 && second is > Tails and < Tails + TailCount)
            return first + second - Tails;
        return tables.Composed.TryGetValue((first, second), out var composed) ? composed : null;
    }

    private static int ClassOf(int point, Tables tables) => tables.Classes.GetValueOrDefault(point);

    private static Tables Read()
    {
        var tables = new Tables([], [], []);
        using var reader = new StreamReader(typeof(Nfc).Assembly.GetManifestResourceStream("nfc.txt")!);
        var classes = false;
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('#'))
                continue;
            if (line == "@")
            {
                classes = true;
                continue;
            }
            var words = line.Split(' ');
            if (classes)
            {
                for (var point = Hex(words[0]); point <= Hex(words[1]); point++)
                    tables.Classes[point] = int.Parse(words[2], CultureInfo.InvariantCulture);
                continue;
            }
            int[] parts = [.. words[1..].Where(w => w != "!").Select(Hex)];
            tables.Parts[Hex(words[0])] = parts;
            if (words[^1] != "!")
                tables.Composed[(parts[0], parts[1])] = Hex(words[0]);
        }
        return tables;

        static int Hex(string word) => int.Parse(word, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
    }
}
