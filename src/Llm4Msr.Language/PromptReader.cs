using Llm4Msr.Language.Files;
using Llm4Msr.Language.Tokenization;
using Llm4Msr.Platform;

namespace Llm4Msr.Language;

/// <summary>How a model from disk reads prompts: its tokenizer, its chat format and its context, without its weights.</summary>
public sealed class PromptReader : IPromptReader
{
    private readonly ITokenizer? _tokenizer;
    private readonly string _path;

    /// <exception cref="Llm4MsrException">The chat format needs a token that the tokenizer does not have, or is not known.</exception>
    internal PromptReader(string path, ModelFiles files, ChatFormat? chatFormat)
    {
        _path = path;
        _tokenizer = files.Tokenizer;
        ContextLength = files.Config.ContextLength;
        Chat = _tokenizer is null ? null : ChatTemplate.Recognise(files.ChatTemplate, chatFormat, path, files.Config.Architecture);
        SpecialTokens = [.. (Chat?.SpecialTokens ?? []).Select(SpecialToken)];
    }

    public int ContextLength { get; }

    /// <inheritdoc cref="LanguageModelIdentity.TokenizerHash"/>
    public string? TokenizerHash => _tokenizer?.Hash;

    /// <param name="path">
    /// A GGUF file, or a folder with <c>config.json</c> and <c>model.safetensors</c>; or <see cref="EmbeddedModel.Name"/>. No weight is read.
    /// </param>
    /// <param name="chatFormat">Goes before the chat template that the model's files carry; null to go by the template.</param>
    /// <exception cref="Llm4MsrException">
    /// There is no such model, or something in it is not supported (<see cref="FaultKind.BadInput"/>); it is damaged
    /// (<see cref="FaultKind.Damaged"/>).
    /// </exception>
    public static PromptReader Open(string path, ChatFormat? chatFormat = null)
    {
        using var files = ModelFiles.Open(path);
        return new PromptReader(path, files, chatFormat);
    }

    /// <inheritdoc/>
    public int CountTokens(ChatPrompt prompt) => Encode(prompt.UserText, prompt.AnswerOpening).Length;

    /// <inheritdoc/>
    public string Cut(string text, int tokens)
    {
        var ids = Tokenizer.Encode(new TextPart(text, IsFrame: false));
        // A token may end within a character: what is left of it is not a beginning of the text.
        return ids.Length <= tokens ? text : Tokenizer.Decode(ids[..tokens]).TrimEnd('\uFFFD');
    }

    /// <inheritdoc cref="LanguageModel.EncodeChat"/>
    public int[] Encode(string userText, string? answerOpening = null)
    {
        if (Chat is null)
        {
            _ = Tokenizer;
            throw new Llm4MsrException(FaultKind.BadInput, $"'{_path}' has no chat template. {ChatFormats.HowToName}");
        }
        var ids = Tokenizer.Encode(Chat.Frame(userText, answerOpening, Tokenizer));
        return Chat.Format == ChatFormat.Plain && Tokenizer.BeginToken is { } begin ? [begin, .. ids] : ids;
    }

    internal ChatTemplate? Chat { get; }

    /// <summary>Those of the chat format; the last of them ends an answer.</summary>
    internal IReadOnlyList<int> SpecialTokens { get; }

    internal ITokenizer Tokenizer => _tokenizer ?? throw new Llm4MsrException(
        FaultKind.BadInput, $"'{_path}' has no tokenizer, so it takes token ids only. A GGUF file has one.");

    private int SpecialToken(string token) => _tokenizer?.Special(token) ?? throw new Llm4MsrException(
        FaultKind.BadInput, $"'{_path}' has no token '{token}', which the chat format '{Chat?.Format.ToName()}' needs. {ChatFormats.HowToName}");
}
