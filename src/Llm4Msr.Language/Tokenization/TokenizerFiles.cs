using Llm4Msr.Language.Files;
using Llm4Msr.Platform;

namespace Llm4Msr.Language.Tokenization;

/// <summary>The tokenizer beside a checkpoint: <c>tokenizer.json</c> with byte-level BPE, or <c>tokenizer.model</c> of SentencePiece.</summary>
internal static class TokenizerFiles
{
    /// <summary>ChatGLM's own tokens, which follow those of its SentencePiece model.</summary>
    private static readonly string[] s_chatGlm = ["[MASK]", "[gMASK]", "[sMASK]", "sop", "eop"];

    /// <param name="architecture">The model's, or null where the folder holds a tokenizer alone.</param>
    /// <returns>Null where the folder has none.</returns>
    public static ITokenizer? Open(string folder, string? architecture)
    {
        var (json, pieces) = (Path.Combine(folder, "tokenizer.json"), Path.Combine(folder, "tokenizer.model"));
        if (File.Exists(json) && TokenizerJson.Read(json) is { } vocabulary)
            return new ByteLevelTokenizer(vocabulary, json);
        if (File.Exists(pieces))
            return new SentencePieceTokenizer(WithSpecialTokens(SentencePieceModel.Read(pieces), folder, architecture).Checked(pieces));
        return !File.Exists(json) ? null : throw new Llm4MsrException(
            FaultKind.BadInput, $"'{json}' holds a tokenizer that is not byte-level BPE, which is not read. Put the model's own 'tokenizer.model' beside it.");
    }

    private static SentencePieceContent WithSpecialTokens(SentencePieceContent content, string folder, string? architecture)
    {
        if (architecture == HuggingFaceConfig.ChatGlm)
            return content with { Pieces = [.. content.Pieces, .. s_chatGlm.Where(name => content.Pieces.All(p => p.Text != name)).Select(name => new Piece(name, 0, PieceKind.Control))] };
        var settings = Path.Combine(folder, "tokenizer_config.json");
        var begins = !File.Exists(settings) || JsonSettings.Read(settings).Flag("add_bos_token", otherwise: true);
        var begin = content.Pieces.ToList().FindIndex(p => p is { Text: "<s>", Kind: PieceKind.Control });
        return content with { BeginToken = begins && begin >= 0 ? begin : null };
    }
}
