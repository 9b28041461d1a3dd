using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Llm4Msr.Knowledge;
using Llm4Msr.Platform;

namespace Llm4Msr.Import.Exchange;

/// <summary>What an exported file says about the store that it came from, so that an equal one can be made again.</summary>
/// <param name="ContentHash">Of the store: the same for the same records.</param>
internal sealed record ExchangeHead(KnowledgeFingerprint Fingerprint, string InteractionsHash, long Records, string ContentHash)
{
    /// <summary>Under which name the formats that carry named texts keep the head.</summary>
    public const string Name = "llm4msr-knowledge";

    private const int Version = 1;

    public static ExchangeHead Of(KnowledgeStore store) => new(store.Fingerprint, store.InteractionsHash, store.Count, store.ContentHash);

    /// <summary>Over all of it: what the records' own checksums do not see.</summary>
    private uint Checksum => Crc32C.Of(Encoding.UTF8.GetBytes(FormattableString.Invariant($"{Records}\n{ContentHash}\n{InteractionsHash}\n{Fingerprint.ToJson()}")));

    /// <summary>One line.</summary>
    public string ToJson() => new JsonObject
    {
        ["format"] = Name,
        ["version"] = Version,
        ["records"] = Records,
        ["contentHash"] = ContentHash,
        ["interactionsHash"] = InteractionsHash,
        ["fingerprint"] = JsonNode.Parse(Fingerprint.ToJson()),
        ["checksum"] = Checksum,
    }.ToJsonString(ExchangeJson.Options);

    public static ExchangeHead FromJson(string json, string path)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 8 });
            var head = document.RootElement;
            if (head.GetProperty("format").GetString() != Name)
                throw NotExported(path);
            if (head.GetProperty("version").GetInt32() is not Version and var version)
                throw new Llm4MsrException(FaultKind.BadInput, $"'{path}' has version {version} of the exchange format; this program knows version {Version}. Export the store again, with this program.");
            var found = new ExchangeHead(
                KnowledgeFingerprint.FromJson(head.GetProperty("fingerprint").GetRawText(), path), Text(head, "interactionsHash"),
                head.GetProperty("records").GetInt64(), Text(head, "contentHash"));
            var checksum = head.GetProperty("checksum").GetUInt32();
            return checksum == found.Checksum ? found : throw new FormatException($"its description has the checksum {found.Checksum}, expected {checksum}");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw NotExported(path, e);
        }
    }

    /// <summary>A file of vectors that somebody else made has no head.</summary>
    public static Llm4MsrException NotExported(string path, Exception? inner = null) => new(FaultKind.BadInput,
        $"'{path}' does not say which store it came from: it was not written by 'llm4msr knowledge export', or it is damaged{(inner is null ? "" : $" ({inner.Message.Shortened()})")}. "
        + "Export the store again; vectors made elsewhere come in with --data and --vectors.", inner);

    private static string Text(JsonElement head, string name) => head.GetProperty(name).GetString() ?? throw new FormatException($"{name} is null");
}
