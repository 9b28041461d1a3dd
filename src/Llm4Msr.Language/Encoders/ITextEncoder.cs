namespace Llm4Msr.Language.Encoders;

/// <summary>A model that makes one vector of a text and says nothing.</summary>
public interface ITextEncoder
{
    string Name { get; }

    /// <summary>SHA-256 of the file with the weights.</summary>
    string WeightsHash { get; }

    /// <summary>SHA-256 of the vocabulary.</summary>
    string TokenizerHash { get; }

    /// <summary>Values of a vector.</summary>
    int Width { get; }

    int[] Tokens(string text);

    /// <summary>For each text the mean of the last hidden states of its tokens, [Width]. Several threads may call at once.</summary>
    IReadOnlyList<float[]> Encode(IReadOnlyList<int[]> texts);
}
