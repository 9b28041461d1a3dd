using Llm4Msr.Models.Layers;
using Llm4Msr.Platform;
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
    /// <param name="rank">Size of the generated cores; null for whole weights.</param>
    public MetaLayers(
        int knowledgeWidth, IReadOnlyList<int> widths, bool activateLast, bool zeroStart, double knowledgeScale, Generator random, int? rank = null) : base(nameof(MetaLayers))
    {
        this.activateLast = activateLast;
        layers = new MetaLayer[widths.Count - 1];
        for (var k = 0; k < layers.Length; k++)
        {
            var startsAtZero = zeroStart && k == layers.Length - 1;
            layers[k] = new MetaLayer(knowledgeWidth, widths[k], widths[k + 1], startsAtZero ? 0 : 1, knowledgeScale, random, rank);
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
/// <remarks>
/// Shapes as in <see cref="MetaLayers"/>; a generated weight is [O, I], row-major in the generator's output. With a rank R
/// the generated weight is a core [R, R] between two learned matrices: W = left · core · right, after APG; R is never
/// larger than the layer's narrower side.
/// </remarks>
public sealed class MetaLayer : nn.Module<Tensor, RowKnowledge, Tensor>
{
    private readonly Linear weight_generator;
    private readonly Linear bias_generator;
    private readonly Parameter? left;  // [O, R]
    private readonly Parameter? right; // [R, I]
    private readonly int knowledgeWidth;
    private readonly int inputs;       // of the generated weight: I, or R
    private readonly int outputs;      // O, or R

    /// <param name="gain">1, or 0 for a layer that starts at zero.</param>
    public MetaLayer(int knowledgeWidth, int inputs, int outputs, double gain, double knowledgeScale, Generator random, int? rank = null) : base(nameof(MetaLayer))
    {
        this.knowledgeWidth = knowledgeWidth;
        (this.inputs, this.outputs) = (inputs, outputs);
        if (rank is not null)
        {
            this.inputs = this.outputs = Math.Min(rank.Value, Math.Min(inputs, outputs));
            right = Weights.Normal(1 / Math.Sqrt(inputs), random, this.inputs, inputs); // neither of the two changes the size of what it is given
            left = Weights.Normal(1 / Math.Sqrt(this.outputs), random, outputs, this.outputs);
        }
        weight_generator = nn.Linear(knowledgeWidth, this.outputs * this.inputs);
        bias_generator = nn.Linear(knowledgeWidth, outputs);
        // A generated weight has variance 2/I, half of it from the generator's bias, which is the layer that all rows share.
        var deviation = gain / Math.Sqrt(this.inputs);
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
        var rows = Right(features);
        var product = knowledgeWidth > Math.Max(inputs, outputs)
            ? WithGeneratedWeights(rows, knowledge)
            : WithFactors(rows, knowledge.Distinct.index_select(0, knowledge.Owner));
        return Left(product).Plus(bias_generator.call(knowledge.Distinct).index_select(0, knowledge.Owner));
    }

    /// <param name="features">[b, I].</param>
    /// <param name="knowledge">[H].</param>
    public Tensor ForwardShared(Tensor features, Tensor knowledge)
    {
        var weight_OI = weight_generator.call(knowledge).view(outputs, inputs);
        return Left(Right(features).mm(weight_OI.t())).Plus(bias_generator.call(knowledge));
    }

    private Tensor Right(Tensor rows) => right is null ? rows : rows.mm(right.t());

    private Tensor Left(Tensor rows) => left is null ? rows : rows.mm(left.t());

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
