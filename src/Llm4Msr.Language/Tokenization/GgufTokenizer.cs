using Llm4Msr.Language.Files;

namespace Llm4Msr.Language.Tokenization;

/// <summary>The tokenizer that a GGUF file carries.</summary>
internal static class GgufTokenizer
{
    /// <returns>Null where the file has none.</returns>
    public static ITokenizer? Of(GgufFile file, int size)
    {
        if (!file.Has("tokenizer.ggml.model"))
            return null;
        var model = file.Text("tokenizer.ggml.model");
        if (model is not ("gpt2" or "llama"))
            throw file.Unsupported($"the tokenizer '{model}'", "'gpt2' (byte-level BPE), 'llama' (SentencePiece BPE)");
        var tokens = file.Texts("tokenizer.ggml.tokens");
        if (tokens.Length != size)
            throw file.Damaged($"it names {tokens.Length} tokens and has embeddings for {size}");
        var kinds = file.Has("tokenizer.ggml.token_type")
            ? file.Integers("tokenizer.ggml.token_type")
            : new int[size].Select(_ => 1).ToArray();
        if (kinds.Length != size)
            throw file.Damaged($"it names {tokens.Length} tokens and {kinds.Length} token types");
        int? begin = Flag("tokenizer.ggml.add_bos_token", otherwise: model == "llama") && file.Has("tokenizer.ggml.bos_token_id")
            ? file.Integer("tokenizer.ggml.bos_token_id", 0, size - 1)
            : null;
        if (model == "llama")
            return new SentencePieceTokenizer(Pieces(file, tokens, kinds, begin));
        return new ByteLevelTokenizer(
            new VocabularyContent(
                file.Has("tokenizer.ggml.pre") ? file.Text("tokenizer.ggml.pre") : "", // a guess would give other ids without a word
                tokens,
                [.. kinds.Select(Kind)],
                file.Texts("tokenizer.ggml.merges"),
                begin).Checked(file.Path),
            file.Path);

        bool Flag(string key, bool otherwise) => file.Has(key) ? file.Flag(key) : otherwise;
    }

    private static SentencePieceContent Pieces(GgufFile file, string[] tokens, int[] kinds, int? begin)
    {
        var scores = file.Numbers("tokenizer.ggml.scores");
        if (scores.Length != tokens.Length)
            throw file.Damaged($"it names {tokens.Length} tokens and {scores.Length} scores");
        return new SentencePieceContent(
            [.. tokens.Select((token, id) => new Piece(token, scores[id], (PieceKind)kinds[id]))],
            IsUnigram: false,
            SpaceFirst: !file.Has("tokenizer.ggml.add_space_prefix") || file.Flag("tokenizer.ggml.add_space_prefix"),
            SingleSpaces: file.Has("tokenizer.ggml.remove_extra_whitespaces") && file.Flag("tokenizer.ggml.remove_extra_whitespaces"),
            begin).Checked(file.Path);
    }

    private static TokenKind Kind(int type) => type switch
    {
        1 => TokenKind.Text,
        4 => TokenKind.Marker,
        _ => TokenKind.Control, // control, unknown, unused, byte: nothing that a text may become, or that an answer should show
    };
}
