using System.Globalization;
using ParquetSharp;
using Encoding = System.Text.Encoding;

namespace Llm4Msr.Import.Tests.Fuzzing;

/// <summary>What happens to a log on its way.</summary>
internal enum Damage
{
    /// <summary>A bit of it.</summary>
    Flip,
    Cut,

    /// <summary>Some bytes of the middle are missing.</summary>
    Hole,

    /// <summary>Some bytes stand twice.</summary>
    Repeat,

    /// <summary>A text that makes readers stumble.</summary>
    Hostile,

    /// <summary>Another encoding, other line ends or separators.</summary>
    Rewrite,

    /// <summary>Bytes that are a size beyond all sense.</summary>
    Absurd,
}

/// <summary>Logs that went wrong: cut, flipped, in another encoding, or written to make their reader stumble.</summary>
/// <param name="Name">Its ending says what it claims to be.</param>
/// <param name="Damages">What was done to it, in this order.</param>
internal sealed record BrokenLog(string Name, byte[] Bytes, IReadOnlyList<Damage> Damages)
{
    private const int GoodRows = 30;

    private static readonly byte[][] s_good = [Delimited(","), Delimited("\t"), JsonLines(), Parquet()];
    private static readonly string[] s_endings = ["csv", "tsv", "jsonl", "parquet"];

    private static readonly string[] s_hostile =
    [
        "\0", "\"", "\"\"\"", "\n\n\n", "\r", "\r\n", ",,,,,,,,", "\t\t\t", ";", "\uFEFF", "1e999", "-1", "99999999999999999999", "nan", "{", "}", "[[[[", "{\"user\": {\"user\": ", "\\u0000", "\ud83d",
        "';DROP TABLE events;--", "$1", new string('x', 1 << 20), new string('[', 100_000), string.Concat(Enumerable.Repeat("{\"a\":", 20_000)), new string('"', 1001), new string(',', 70_000),
    ];

    private static readonly byte[][] s_absurd =
    [
        [0xFF, 0xFF, 0xFF, 0xFF], [0xFF, 0xFF, 0xFF, 0x7F], [0, 0, 0, 0x80], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], [0, 0, 0, 0], [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7F],
    ];

    /// <summary>The log of a number: equal numbers give equal bytes.</summary>
    public static BrokenLog Of(int number)
    {
        var random = new Random(number);
        var kind = number % s_good.Length;
        var bytes = s_good[kind].ToList();
        List<Damage> damages = [];
        for (var changes = random.Next(1, 4); changes > 0; changes--)
            damages.Add(Change(bytes, random, isText: kind < 3));
        return new BrokenLog($"log.{s_endings[kind]}", [.. bytes], damages);
    }

    /// <summary>The good log of a kind, cut after so many bytes.</summary>
    public static BrokenLog Cut(int kind, int length) => new($"log.{s_endings[kind]}", s_good[kind][..length], [Damage.Cut]);

    public static int LengthOf(int kind) => s_good[kind].Length;

    private static Damage Change(List<byte> bytes, Random random, bool isText)
    {
        var damage = Damaged(bytes, random, isText);
        if (bytes.Count == 0)
            bytes.Add(0);
        return damage;
    }

    private static Damage Damaged(List<byte> bytes, Random random, bool isText)
    {
        var at = random.Next(bytes.Count + 1);
        var run = Math.Min(random.Next(1, 40), bytes.Count - at);
        switch (random.Next(9))
        {
            case 0 or 1 or 2 when at < bytes.Count:
                bytes[at] ^= (byte)(1 << random.Next(8));
                return Damage.Flip;
            case 3:
                bytes.RemoveRange(at, bytes.Count - at);
                return Damage.Cut;
            case 4:
                bytes.RemoveRange(at, run);
                return Damage.Hole;
            case 5:
                bytes.InsertRange(at, bytes.GetRange(at, run));
                return Damage.Repeat;
            case 6 when isText:
                bytes.InsertRange(at, Encoding.UTF8.GetBytes(s_hostile[random.Next(s_hostile.Length)]));
                return Damage.Hostile;
            case 7 when isText:
                Rewrite(bytes, random);
                return Damage.Rewrite;
            default:
                var absurd = s_absurd[random.Next(s_absurd.Length)];
                at = random.Next(2) == 0 ? at : Math.Max(0, bytes.Count - random.Next(400)); // the end is where Parquet says what it holds
                bytes.RemoveRange(at, Math.Min(absurd.Length, bytes.Count - at));
                bytes.InsertRange(at, absurd);
                return Damage.Absurd;
        }
    }

    /// <summary>The same text in another encoding, or with other line ends or separators.</summary>
    private static void Rewrite(List<byte> bytes, Random random)
    {
        var text = Encoding.UTF8.GetString([.. bytes]);
        byte[] rewritten = random.Next(6) switch
        {
            0 => [.. Encoding.Unicode.Preamble, .. Encoding.Unicode.GetBytes(text)],
            1 => Encoding.BigEndianUnicode.GetBytes(text),
            2 => [.. Encoding.UTF8.Preamble, .. Encoding.UTF8.GetBytes(text)],
            3 => Encoding.UTF8.GetBytes(text.ReplaceLineEndings("\r\n")),
            4 => Encoding.UTF8.GetBytes(text.Replace(',', ';')),
            _ => Encoding.Latin1.GetBytes(text),
        };
        bytes.Clear();
        bytes.AddRange(rewritten);
    }

    private static string Text(int row) => row % 5 == 0 ? "Köln, \"here\"\nand there" : $"text {row}";

    private static byte[] Delimited(string separator) => Encoding.UTF8.GetBytes(string.Join(separator, "user", "item", "rating", "time", "text") + "\n"
        + string.Concat(Enumerable.Range(0, GoodRows).Select(row => string.Create(CultureInfo.InvariantCulture,
            $"{row % 4}{separator}{row % 7}{separator}{row % 5 + 1}{separator}{1_600_000_000 + row}{separator}\"{Text(row).Replace("\"", "\"\"", StringComparison.Ordinal)}\"\n"))));

    private static byte[] JsonLines() => Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, GoodRows).Select(row =>
        System.Text.Json.JsonSerializer.Serialize(new { user = row % 4, item = $"{row % 7}", rating = row % 5 + 1.0, time = 1_600_000_000 + row, text = Text(row), more = new { deep = new[] { row } } }) + "\n")));

    private static byte[] Parquet()
    {
        using var stream = new MemoryStream();
        using (var writer = new ParquetFileWriter(stream, [new Column<int>("user"), new Column<string>("item"), new Column<double>("rating"), new Column<long>("time"), new Column<string?>("text")]))
        {
            using var group = writer.AppendRowGroup();
            Write(row => row % 4);
            Write(row => $"{row % 7}");
            Write(row => row % 5 + 1.0);
            Write(row => 1_600_000_000L + row);
            Write(row => row % 3 == 0 ? null : Text(row));
            writer.Close();

            void Write<T>(Func<int, T> value)
            {
                using var column = group.NextColumn().LogicalWriter<T>();
                column.WriteBatch([.. Enumerable.Range(0, GoodRows).Select(value)]);
            }
        }
        return stream.ToArray();
    }
}
