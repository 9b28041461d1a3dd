using System.Globalization;
using System.Text;
using Llm4Msr.Platform;

namespace Llm4Msr.Knowledge;

/// <summary>What a store says about itself: whose knowledge it holds, made from what, how many rows and which content.</summary>
/// <param name="Fingerprint">The fingerprint's JSON as it stands in the file.</param>
/// <param name="InteractionsHash">Hash of the prepared interactions that the prompts were made from.</param>
/// <param name="LastSequence">The highest sequence ever given; it is never given again.</param>
/// <param name="Content">The sum modulo 2^256 of the SHA-256 of every record's canonical bytes.</param>
internal sealed record StoreHead(string Fingerprint, string InteractionsHash, long Records, long LastSequence, Hash256 Content)
{
    public static StoreHead Empty(KnowledgeFingerprint fingerprint, string interactionsHash) =>
        new(fingerprint.ToJson(), interactionsHash, Records: 0, LastSequence: 0, Content: default);

    public string FingerprintHash { get; } = FileHash.Of(Fingerprint);

    /// <summary>Over the format version too: a description read under another one does not pass.</summary>
    public uint Checksum() => Crc32C.Of(Encoding.UTF8.GetBytes(string.Create(
        CultureInfo.InvariantCulture, $"{StoreFormat.Version}\n{Fingerprint}\n{InteractionsHash}\n{Records}\n{LastSequence}\n{Content}")));

    /// <summary>The columns that an append changes, as parameters.</summary>
    public (string, object)[] Changing =>
        [("$records", Records), ("$last", LastSequence), ("$content", Content.ToString()), ("$crc", (long)Checksum())];
}
