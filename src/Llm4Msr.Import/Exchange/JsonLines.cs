using System.Text;
using System.Text.Json;
using Llm4Msr.Platform;

namespace Llm4Msr.Import.Exchange;

/// <summary>Text files with a JSON value in every line, read a line at a time.</summary>
internal static class JsonLines
{
    /// <summary>Far above any record; a file without line ends is not read into memory.</summary>
    public const int LongestLine = 64 << 20;

    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The lines with their numbers, counted from 1; empty ones are left out.</summary>
    public static IEnumerable<(int Number, string Line)> Of(string path)
    {
        if (!File.Exists(path))
            throw new Llm4MsrException(FaultKind.BadInput, $"There is no file '{path}'.");
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        var (buffer, start, end, number) = (new byte[1 << 16], 0, 0, 0);
        while (true)
        {
            var length = buffer.AsSpan(start, end - start).IndexOf((byte)'\n');
            while (length < 0)
            {
                if (start > 0)
                    buffer.AsSpan(start, end - start).CopyTo(buffer);
                (start, end) = (0, end - start);
                if (end == buffer.Length)
                {
                    if (end >= LongestLine)
                        throw Wrong(path, number + 1, $"has more than {LongestLine >> 20} MiB");
                    Array.Resize(ref buffer, 2 * end);
                }
                var read = stream.Read(buffer, end, buffer.Length - end);
                if (read == 0)
                    break;
                length = buffer.AsSpan(end, read).IndexOf((byte)'\n') is >= 0 and var found ? end + found : -1;
                end += read;
            }
            var last = length < 0;
            var bytes = last ? end - start : length;
            number++;
            if (bytes > 0 && Decoded(path, number, buffer.AsSpan(start, bytes)) is { } line && !string.IsNullOrWhiteSpace(line))
                yield return (number, line);
            if (last)
                yield break;
            start += bytes + 1;
        }
    }

    public static T Read<T>(string path, int number, string line) where T : class
    {
        try
        {
            return JsonSerializer.Deserialize<T>(line, ExchangeJson.Options) ?? throw Wrong(path, number, "is null, expected a record");
        }
        catch (JsonException e)
        {
            throw Wrong(path, number, $"cannot be read ({e.Message.Shortened()})", e);
        }
    }

    public static Llm4MsrException Wrong(string path, int number, string what, Exception? inner = null) => new(FaultKind.BadInput,
        FormattableString.Invariant($"'{path}', line {number}: it {what.TrimEnd('.')}. Make the file again, or correct the line."), inner);

    private static string Decoded(string path, int number, ReadOnlySpan<byte> bytes)
    {
        try
        {
            return s_strict.GetString(bytes);
        }
        catch (DecoderFallbackException e)
        {
            throw Wrong(path, number, "is not UTF-8", e);
        }
    }
}
