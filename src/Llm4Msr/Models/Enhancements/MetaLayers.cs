using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Llm4Msr.Models.Enhancements;

/// <summary>The knowledge of the rows of a batch, each vector once however many rows share it.</summary>
/// <param name="Distinct">[U, H].</param>
/// <param name="Owner">Which of them each row has, [B] int64.</param>
public sealed record RowKnowledge(Tensor Distinct, Tensor Owner);

/// <summary>
/// K dense layers whose weights are not learned but generated, row by row, from what the language model said about that
/// row (paper section 3.3, equations 4 to 7).
/// </summary>
/// <remarks>
/// Shapes: B rows, U distinct knowledge vectors, H their size, I and O the inputs and outputs of one layer. What is
/// learned is the generator: for each layer one linear map H → O·I and one H → O, together the paper's single map to
/// h_mw and h_mb.
/// </remarks>
public sealed class MetaLayers : nn.Module<Tensor, RowKnowledge, Tensor>
{
    private readonly MetaLayer[] layers;
    private readonly bool activateLast;

    /// <param name="widths">The first is the width of the features, the last that of the result.</param>
    /// <param name="activateLast">Equation 7 as it stands; false leaves the last layer linear (models guide, section 2 a).</param>
    /// <param name="zeroStart">Whether the last generated layer is zero at the start, so that training starts from the model without it.</param>
    /// <param name="knowledgeScale">Root mean square of the elements of the knowledge, so that generated weights start at the right size.</param>
    public MetaLayers(
        int knowledgeWidth, IReadOnlyList<int> widths, bool activateLast, bool zeroStart, double knowledgeScale, Generator random) : base(nameof(MetaLayers))
    {
        this.activateLast = activateLast;
        layers = new MetaLayer[widths.Count - 1];
        for (var k = 0; k < layers.Length; k++)
        {
            var startsAtZero = zeroStart && k == layers.Length - 1;
            layers[k] = new MetaLayer(knowledgeWidth, widths[k], widths[k + 1], startsAtZero ? 0 : 1, knowledgeScale, random);
            register_module($"{k}", layers[k]);
        }
    }

    /// <param name="features">[B, I] of the first layer.</param>
    /// <returns>[B, O] of the last layer.</returns>
    public override Tensor forward(Tensor features, RowKnowledge knowledge) => Run(features, (layer, rows) => layer.call(rows, knowledge));

    /// <summary>The same for rows that all have one knowledge vector: the layers are generated once.</summary>
    /// <param name="features">[b, I] of the first layer.</param>
    /// <param name="knowledge">[H].</param>
    public Tensor ForwardShared(Tensor features, Tensor knowledge) => Run(features, (layer, rows) => layer.ForwardShared(rows, knowledge));

    private Tensor Run(Tensor rows, Func<MetaLayer, Tensor, Tensor> apply)
    {
        for (var k = 0; k < layers.Length; k++)
        {
            rows = apply(layers[k], rows);
            if (k < layers.Length - 1 || activateLast)
                rows = rows.relu();
        }
        return rows;
    }
}

/// <summary>One generated layer, before its activation.</summary>
/// <remarks>Shapes as in <see cref="MetaLayers"/>; a generated weight is [O, I], row-major in the generator's output.</remarks>
public sealed class MetaLayer : nn.Module<Tensor, RowKnowledge, Tensor>
{
    private readonly Linear weight_generator;
    private readonly Linear bias_generator;
    private readonly int knowledgeWidth;
    private readonly int inputs;
    private readonly int outputs;

    /// <param name="gain">1, or 0 for a layer that starts at zero.</param>
    public MetaLayer(int knowledgeWidth, int inputs, int outputs, double gain, double knowledgeScale, Generator random) : base(nameof(MetaLayer))
    {
        this.knowledgeWidth = knowledgeWidth;
        this.inputs = inputs;
        this.outputs = outputs;
        weight_generator = nn.Linear(knowledgeWidth, outputs * inputs);
        bias_generator = nn.Linear(knowledgeWidth, outputs);
        // A generated weight has variance 2/I, half of it from the generator's bias, which is the layer that all rows share.
        var deviation = gain / Math.Sqrt(inputs);
        using (no_grad())
        {
            weight_generator.weight.normal_(0, deviation / (Math.Sqrt(knowledgeWidth) * knowledgeScale), random);
            weight_generator.bias!.normal_(0, deviation, random);
            bias_generator.weight.zero_();
            bias_generator.bias!.zero_();
        }
        RegisterComponents();
    }

    /// <param name="features">[B, I].</param>
    /// <returns>[B, O].</returns>
    public override Tensor forward(Tensor features, RowKnowledge knowledge)
    {
        var bias_BO = bias_generator.call(knowledge.Distinct).index_select(0, knowledge.Owner);
        return bias_BO + (knowledgeWidth > Math.Max(inputs, outputs)
            ? WithGeneratedWeights(features, knowledge)
            : WithFactors(features, knowledge.Distinct.index_select(0, knowledge.Owner)));
    }

    /// <param name="features">[b, I].</param>
    /// <param name="knowledge">[H].</param>
    public Tensor ForwardShared(Tensor features, Tensor knowledge)
    {
        var weight_OI = weight_generator.call(knowledge).view(outputs, inputs);
        return features.mm(weight_OI.t()) + bias_generator.call(knowledge);
    }

    /// <summary>Generates a weight per distinct vector; for wide knowledge.</summary>
    private Tensor WithGeneratedWeights(Tensor features_BI, RowKnowledge knowledge)
    {
        var weight_BOI = weight_generator.call(knowledge.Distinct).index_select(0, knowledge.Owner).view(-1, outputs, inputs);
        return weight_BOI.bmm(features_BI.unsqueeze(2)).squeeze(2);
    }

    /// <summary>
    /// The same without writing any row's weight down: W x = Σ_k z_k (V_k x), with a constant 1 behind z for the
    /// generator's bias. The sum over k is taken on the narrower side of the layer.
    /// </summary>
    private Tensor WithFactors(Tensor features_BI, Tensor knowledge_BH)
    {
        var rows = features_BI.shape[0];
        var z_BK = cat([knowledge_BH, ones(rows, 1, dtype: knowledge_BH.dtype)], 1);
        var factors_OIK = cat([weight_generator.weight, weight_generator.bias!.unsqueeze(1)], 1).view(outputs, inputs, knowledgeWidth + 1);
        if (outputs <= inputs)
        {
            var projected_BKO = features_BI.mm(factors_OIK.permute(1, 2, 0).reshape(inputs, -1)).view(rows, knowledgeWidth + 1, outputs);
            return (projected_BKO * z_BK.unsqueeze(2)).sum(1);
        }
        var outer_BIK = features_BI.unsqueeze(2) * z_BK.unsqueeze(1);
        return outer_BIK.view(rows, -1).mm(factors_OIK.view(outputs, -1).t());
    }
}
