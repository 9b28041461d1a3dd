namespace Llm4Msr.Language;

/// <summary>All that decides what a model answers; part of the fingerprint of whatever is kept of its answers.</summary>
/// <param name="Name">What the files call the model.</param>
/// <param name="WeightsHash">
/// SHA-256 of the file with the weights. No format notices a bit that flipped in a weight; this does, once it is compared. Empty for a server, which does not say.
/// </param>
/// <param name="TokenizerHash">SHA-256 of what the tokenizer consists of, whichever file it came from; null without one.</param>
/// <param name="ChatFormat">One of <see cref="ChatFormats.Names"/>, or what is known of how a server does it; null where nothing says how to frame a prompt.</param>
/// <param name="SystemMessage">What the model is told first, by its own chat template; or null.</param>
/// <param name="WeightPrecision">What the weights are computed in.</param>
public sealed record LanguageModelIdentity(
    string Name, string Architecture, string WeightsHash, string? TokenizerHash, string? ChatFormat, string? SystemMessage, string WeightPrecision);
