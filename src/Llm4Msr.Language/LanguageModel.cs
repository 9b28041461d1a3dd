using Llm4Msr.Language.Decoding;
using Llm4Msr.Language.Files;
using Llm4Msr.Language.Tokenization;
using Llm4Msr.Platform;
using TorchSharp;

namespace Llm4Msr.Language;

/// <summary>A frozen language model from disk: text in, text and hidden states out.</summary>
/// <remarks>
/// Several threads may call at once; weights are shared and only read. Torch's own threads are set per process
/// (<c>torch.set_num_threads</c>): one, with a worker thread per core, gives the most answers per hour.
/// </remarks>
public sealed class LanguageModel : ILanguageModel, IDisposable
{
    private readonly CausalTransformer _transformer;
    private readonly ModelConfig _config;
    private readonly PromptReader _reader;
    private readonly ITokenizer? _tokenizer;
    private readonly IReadOnlyList<int> _endTokens;
    private readonly torch.Device _device;

    private LanguageModel(string path, ModelFiles files, LoadOptions options)
    {
        _device = Devices.Parse(options.Device);
        _config = files.Config;
        _tokenizer = files.Tokenizer;
        _reader = new PromptReader(path, files, options.ChatFormat);
        _endTokens = _reader.SpecialTokens.Count > 0 ? [.. _config.EndTokens.Append(_reader.SpecialTokens[^1]).Distinct()] : _config.EndTokens;
        _transformer = new CausalTransformer(_config, new DecoderWeights(files.Weights, _config, options.Weights, _device), _device);
        Identity = new LanguageModelIdentity(
            files.Name,
            _config.Architecture,
            files.Weights.Hash(),
            _tokenizer?.Hash,
            _reader.Chat?.Format.ToName(),
            _reader.Chat?.SystemMessage,
            WeightPrecision: "fp32");
    }

    public LanguageModelIdentity Identity { get; }

    /// <summary>The most tokens, prompt and answer together.</summary>
    public int ContextLength => _config.ContextLength;

    /// <summary>Numbers in a hidden state.</summary>
    public int HiddenSize => _config.HiddenSize;

    public int Layers => _config.Layers;

    public IReadOnlyList<HiddenStateDefinition> States => HiddenStateDefinitions.OfOnePass;

    public ModelMemory Memory => new(_transformer.WeightBytes, KvCache.Bytes(_config, rows: 1, columns: 1), _transformer.WorkBytes);

    /// <param name="path">
    /// A GGUF file, or a folder with <c>config.json</c> and <c>model.safetensors</c>; or <see cref="EmbeddedModel.Name"/>.
    /// </param>
    /// <exception cref="Llm4MsrException">
    /// There is no such model, or something in it is not supported (<see cref="FaultKind.BadInput"/>); it is damaged
    /// (<see cref="FaultKind.Damaged"/>).
    /// </exception>
    public static LanguageModel Load(string path, LoadOptions? options = null)
    {
        Libtorch.Require();
        using var files = ModelFiles.Open(path);
        return new LanguageModel(path, files, options ?? new LoadOptions());
    }

    /// <inheritdoc/>
    public string Cut(string text, int tokens) => _reader.Cut(text, tokens);

    /// <summary>The prompt that asks the model something, framed as it was trained to be asked.</summary>
    /// <param name="userText">The names of special tokens in it stay text.</param>
    /// <param name="answerOpening">The words that the answer is made to start with; they are part of the prompt, not of the answer.</param>
    /// <exception cref="Llm4MsrException">The model has no tokenizer, or nothing says how to frame a prompt.</exception>
    public int[] EncodeChat(string userText, string? answerOpening = null) => _reader.Encode(userText, answerOpening);

    /// <inheritdoc/>
    public int CountTokens(ChatPrompt prompt) => _reader.CountTokens(prompt);

    /// <inheritdoc/>
    public IReadOnlyList<Answer> Generate(IReadOnlyList<ChatPrompt> prompts, GenerationOptions options, CancellationToken cancellation = default) =>
        Generate([.. prompts.Select(prompt => EncodeChat(prompt.UserText, prompt.AnswerOpening))], options, cancellation);

    /// <summary>Answers a batch of prompts in one pass; each answer is the one that the prompt would get alone.</summary>
    /// <remarks>
    /// Alone or in company, states differ in the last bits only (matrix products add in another order), so where two
    /// tokens are equally likely the choice may differ. Memory: the cache takes layers x key/value heads x head size x 8
    /// bytes for each row and token of the longest prompt (46 KB for SmolLM2-135M): 16 to 64 prompts of like length are a
    /// good batch. Synchronous on purpose: a dispose scope belongs to one thread.
    /// </remarks>
    /// <param name="prompts">Token ids, of any lengths that leave room for the answer.</param>
    /// <returns>One answer per prompt, in their order.</returns>
    /// <exception cref="Llm4MsrException">A prompt is empty, too long or not in the vocabulary; the weights give no finite state.</exception>
    /// <exception cref="OperationCanceledException">
    /// Checked at every layer of a prompt and at every new token; where <see cref="GenerationOptions.Answered"/> takes answers as they come,
    /// between the pieces that prompts are read in.
    /// </exception>
    public IReadOnlyList<Answer> Generate(IReadOnlyList<int[]> prompts, GenerationOptions options, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(prompts);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxNewTokens, 1);
        if (prompts.Count == 0)
            return [];
        for (var i = 0; i < prompts.Count; i++)
            Check(prompts[i], i, options.MaxNewTokens);

        options.Sampling?.Check(prompts.Count);
        foreach (var layer in options.Layers)
        {
            if (layer < 0 || layer > Layers)
                throw new Llm4MsrException(FaultKind.Usage, $"There is no layer {layer}: '{Identity.Name}' has {Layers}.");
        }
        CheckMemory(prompts, options.MaxNewTokens);

        // A thread that is new to torch multiplies matrices with all processors, whatever the process was told, until it asks.
        _ = torch.get_num_threads();
        using var inference = torch.inference_mode();
        using var scope = torch.NewDisposeScope();
        var cache = new KvCache(_config, [.. prompts.Select(p => p.Length)], options.MaxNewTokens, _device);
        var answers = new Answer[prompts.Count];
        Generation.Continue(_transformer, cache, prompts, options, options.GoesOnAfterEnd ? [] : _endTokens, ended =>
        {
            foreach (var (row, c) in ended)
                answers[row] = new Answer(_tokenizer?.Decode(c.Ids) ?? "", c.Ids, prompts[row].Length, c.States) { AfterLayers = c.AfterLayers };
            options.Answered?.Invoke([.. ended.Select(e => (e.Row, answers[e.Row]))]);
        }, cancellation);
        return answers;
    }

    public void Dispose() => _transformer.Dispose();

    internal ITokenizer Tokenizer => _reader.Tokenizer;

    private void Check(int[] prompt, int index, int newTokens)
    {
        if (prompt.Length == 0)
            throw new Llm4MsrException(FaultKind.BadInput, $"Prompt {index} is empty.");
        if (prompt.Length > ContextLength - newTokens)
        {
            throw new Llm4MsrException(FaultKind.BadInput, $"Prompt {index} has {prompt.Length} tokens; with {newTokens} new tokens the "
                + $"context of {ContextLength} has room for {Math.Max(0, ContextLength - newTokens)}. Cut the prompt, or ask for fewer new tokens.");
        }
        foreach (var id in prompt)
        {
            if (id < 0 || id >= _config.VocabularySize)
                throw new Llm4MsrException(FaultKind.BadInput, $"Prompt {index} has the token {id}; the vocabulary ends at {_config.VocabularySize - 1}.");
        }
    }

    /// <summary>Linux hands out more memory than there is and ends the process later; this says so at once.</summary>
    private void CheckMemory(IReadOnlyList<int[]> prompts, int newTokens)
    {
        var columns = prompts.Max(p => p.Length) + newTokens;
        var bytes = KvCache.Bytes(_config, prompts.Count, columns);
        if (bytes > Machine.Current.MemoryBytes)
        {
            throw new Llm4MsrException(FaultKind.ResourceMissing, $"The keys and values of {prompts.Count} prompts of up to {columns} tokens take "
                + $"{bytes >> 20} MiB; this process may use {Machine.Current.MemoryBytes >> 20} MiB. Ask fewer prompts at once.");
        }
    }
}
