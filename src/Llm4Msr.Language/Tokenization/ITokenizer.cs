namespace Llm4Msr.Language.Tokenization;

/// <summary>A part of a text to encode.</summary>
/// <param name="IsFrame">
/// Whether the names of special tokens become these tokens. In user data they never do: a title may say
/// <c>&lt;|im_end|&gt;</c>, and it stays nine characters of text.
/// </param>
internal readonly record struct TextPart(string Text, bool IsFrame);

/// <summary>Text to token ids and back. Safe for use by several threads.</summary>
internal interface ITokenizer
{
    /// <summary>What it is, for people: "byte-level BPE, qwen2".</summary>
    string Description { get; }

    /// <summary>Ids are below it.</summary>
    int VocabularySize { get; }

    /// <summary>SHA-256 of all that it consists of: equal where the same text becomes the same ids.</summary>
    string Hash { get; }

    /// <summary>The token that opens a text where the files ask for one.</summary>
    int? BeginToken { get; }

    /// <summary>The id of a special token, or null where the vocabulary lacks it.</summary>
    int? Special(string token);

    /// <summary>Ids of the parts, one after the other; text that meets at a border is cut into pieces as one text.</summary>
    int[] Encode(params ReadOnlySpan<TextPart> parts);

    /// <summary>The text of the ids; bytes that are not UTF-8 become U+FFFD.</summary>
    /// <param name="withControl">Whether special tokens that an answer should not show are named.</param>
    string Decode(IEnumerable<int> ids, bool withControl = false);
}
