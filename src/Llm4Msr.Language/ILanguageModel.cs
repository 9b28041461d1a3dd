namespace Llm4Msr.Language;

/// <summary>A frozen language model, wherever it runs.</summary>
public interface ILanguageModel : IPromptReader, IDisposable
{
    LanguageModelIdentity Identity { get; }

    /// <summary>Numbers in a hidden state.</summary>
    int HiddenSize { get; }

    /// <summary>Layers whose states can be asked for; 0 where only the final state can.</summary>
    int Layers { get; }

    /// <summary>The definitions of hidden states that it gives, all of them with every answer.</summary>
    IReadOnlyList<HiddenStateDefinition> States { get; }

    ModelMemory Memory { get; }

    /// <summary>Answers a batch of prompts; each answer is the one that the prompt would get alone. Several threads may ask at once.</summary>
    /// <param name="prompts">Of any lengths that leave room for the answer.</param>
    /// <param name="cancellation">
    /// Ends the call at once. Where <see cref="GenerationOptions.Answered"/> takes answers as they come, prompts that a model in this
    /// process has read by then are answered first: reading them was most of the work.
    /// </param>
    /// <returns>One answer per prompt, in their order.</returns>
    /// <exception cref="OperationCanceledException">Not all prompts are answered.</exception>
    IReadOnlyList<Answer> Generate(IReadOnlyList<ChatPrompt> prompts, GenerationOptions options, CancellationToken cancellation = default);
}
